package suggest

import "testing"

func TestNearest(t *testing.T) {
	fields := []string{"artifact", "batching", "gpu", "replicas", "resources", "runtime", "version"}
	for _, tc := range []struct {
		name  string
		known []string
		want  string
	}{
		{"artifcat", fields, "artifact"}, // two neighbours swapped
		{"repilcas", fields, "replicas"},
		{"replica", fields, "replicas"},
		{"Runtime", fields, "runtime"},
		{"gpus", fields, "gpu"},
		{"verison", fields, "version"},
		{"x", fields, ""},
		{"zones", fields, ""},
		{"", fields, ""},
		{"us-wset", []string{"us-east", "us-west"}, "us-west"},
		{"gold", nil, ""},
		{"on_demand", []string{"on-demand", "spot"}, "on-demand"},
	} {
		if got := Nearest(tc.name, tc.known); got != tc.want {
			t.Errorf("Nearest(%q) is %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestFix(t *testing.T) {
	many := make([]string, 13)
	for _, tc := range []struct {
		name  string
		known []string
		want  string
	}{
		{"goold", []string{"bronze", "gold"}, `did you mean "gold"?`},
		{"platinum", []string{"bronze", "gold"}, "use one of bronze, gold"},
		{"platinum", many, ""},
		{"platinum", nil, ""},
	} {
		if got := Fix(tc.name, tc.known); got != tc.want {
			t.Errorf("Fix(%q) is %q, want %q", tc.name, got, tc.want)
		}
	}
}
