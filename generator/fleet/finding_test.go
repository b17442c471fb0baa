package fleet

import (
	"slices"
	"testing"
)

func TestFindingString(t *testing.T) {
	for _, tc := range []struct {
		finding Finding
		want    string
	}{
		{Finding{Position: Position{"a.yaml", 3, 5}, Message: "kind is missing"}, "a.yaml:3:5: kind is missing"},
		{Finding{Position: Position{File: "a.yaml"}, Severity: Warning, Message: "m", Expected: "e", Fix: "f"}, "a.yaml: warning: m (e) — f"},
		{Finding{Message: "m"}, "m"},
		{Finding{Position: Position{File: "te\x1b[31mnants"}, Message: "unknown field a\u202eb\nc\xff"}, `te\x1b[31mnants: unknown field a\u202eb\nc` + "\ufffd"},
	} {
		if got := tc.finding.String(); got != tc.want {
			t.Errorf("got  %q\nwant %q", got, tc.want)
		}
	}
}

func TestFindingsSorted(t *testing.T) {
	at := func(file string, line, column int) Position { return Position{file, line, column} }
	in := Findings{
		{Position: at("b", 1, 1), Message: "y"},
		{Position: at("b", 1, 1), Message: "x"},
		{Position: at("a", 10, 1), Message: "x"},
		{Position: at("a", 9, 2), Message: "x"},
		{Position: at("a", 9, 1), Message: "x", Severity: Warning},
		{Position: at("b", 1, 1), Message: "x"},
	}
	before := slices.Clone(in)
	var got []string
	for _, f := range in.Sorted() {
		got = append(got, f.String())
	}
	want := []string{"a:9:1: warning: x", "a:9:2: x", "a:10:1: x", "b:1:1: x", "b:1:1: y"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if !slices.EqualFunc(in, before, func(a, b Finding) bool { return a.String() == b.String() }) {
		t.Error("Sorted changed its receiver")
	}
	if n, m := len(in.Warnings()), len(in.Errors()); n != 1 || m != 0 {
		t.Errorf("%d warnings and %d errors", n, m)
	}
}
