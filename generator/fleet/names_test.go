package fleet

import (
	"strings"
	"testing"
)

func TestShorten(t *testing.T) {
	long := strings.Repeat("a", 60) + "-tenant"
	if got := Shorten("short", 5); got != "short" {
		t.Error(got)
	}
	a, b := Shorten(long+"-one", 64), Shorten(long+"-two", 64)
	if len(a) > 64 || len(b) > 64 || a == b || a != Shorten(long+"-one", 64) {
		t.Errorf("%q and %q", a, b)
	}
	if got := Shorten(strings.Repeat("a", 54)+"-----------", 64); strings.Contains(got, "--") {
		t.Errorf("%q has two hyphens in a row", got)
	}
}

// The longest names that the schemas allow stay within IAM's limit, and apart.
func TestRoleNames(t *testing.T) {
	seen := map[string]string{}
	for _, tenant := range []string{"acme", strings.Repeat("t", 40), strings.Repeat("t", 39) + "u"} {
		for _, cluster := range []string{"us-east-production", strings.Repeat("c", 40), strings.Repeat("c", 39) + "d"} {
			name := RoleName(&Tenant{Name: tenant}, &Cluster{Name: cluster})
			if len(name) > 64 || seen[name] != "" {
				t.Errorf("role %q of %s in %s is too long, or that of %s", name, tenant, cluster, seen[name])
			}
			seen[name] = tenant + " in " + cluster
		}
	}
}
