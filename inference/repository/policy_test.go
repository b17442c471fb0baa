package repository_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/inference/repository"
)

func TestPoliciesChooseFromWhatIsThere(t *testing.T) {
	root := t.TempDir()
	for i, v := range []string{"1", "2", "9", "10", "v1.9", "v1.10"} {
		write(t, scaleModel(float32(i)), root, "m", v, "model.onnx")
	}
	write(t, nil, root, "m", "11", "config.json") // no model in it
	for _, tc := range []struct {
		policy string
		want   []string
		err    string
	}{
		{policy: "latest", want: []string{"v1.10"}},
		{policy: "latest:1", want: []string{"v1.10"}},
		{policy: "latest:3", want: []string{"10", "v1.9", "v1.10"}},
		{policy: "latest:100", want: []string{"1", "2", "9", "10", "v1.9", "v1.10"}},
		{policy: "all", want: []string{"1", "2", "9", "10", "v1.9", "v1.10"}},
		{policy: "named:9", want: []string{"9"}},
		{policy: "named:10,2,10", want: []string{"2", "10"}},
		{policy: "named:2,12", err: "version 12 is not in the repository (it has 1, 2, 9, 10, v1.9, v1.10)"},
		{policy: "named:11", err: "version 11 is not in the repository"},
	} {
		p, err := repository.ParsePolicy(tc.policy)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := repository.ParsePolicy(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%s is written as %s, which reads as %s, %v", tc.policy, p, again, err)
		}
		r := open(t, root, func(o *repository.Options) { o.Policy = p })
		err = r.LoadAll(t.Context())
		switch {
		case tc.err == "" && (err != nil || !slices.Equal(r.Versions("m"), tc.want)):
			t.Errorf("%s: %v, %v, want %v", tc.policy, r.Versions("m"), err, tc.want)
		case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err) || !errors.Is(err, repository.ErrNoVersion)):
			t.Errorf("%s: error %v, want %q", tc.policy, err, tc.err)
		case tc.err == "":
			if _, from := ask(t, r, "m", ""); from != tc.want[len(tc.want)-1] {
				t.Errorf("%s: without a version, %s answers", tc.policy, from)
			}
		}
	}
}

func TestUnknownPoliciesAreRefused(t *testing.T) {
	for _, s := range []string{"", "newest", "latest:0", "latest:-1", "latest:x", "latest:", "named", "named:", "named:a b", "named:1,", "all:1", "ALL"} {
		if p, err := repository.ParsePolicy(s); err == nil || !strings.Contains(err.Error(), `"`+s+`"`) {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	}
}

func TestVersionsAreOrderedAsPeopleDo(t *testing.T) {
	want := []string{"", "0", "1", "2", "9", "010", "10", "11", "1000000000000000000000", "a", "a1", "a2", "a10", "v1.9", "v1.10", "v1.10.1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int { return repository.CompareVersions(a, b) })
	// 010 and 10 are one number; the shorter goes first then.
	if i := slices.Index(got, "10"); got[i+1] != "010" && got[i-1] != "010" {
		t.Errorf("010 is not beside 10: %v", got)
	}
	for _, versions := range [][]string{got, want} {
		if i := slices.Index(versions, "10"); versions[i+1] == "010" {
			versions[i], versions[i+1] = versions[i+1], versions[i]
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
