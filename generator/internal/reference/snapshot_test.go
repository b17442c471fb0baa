package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// small is a fleet to compare with others: a platform's and a tenant's object in each of
// its clusters, whose names are given with their API servers, and one for Argo CD.
func small(tenant string, clusters map[string]string, tenantIn ...string) snapshot {
	s := snapshot{map[located]manifest.Node{}, map[location]bool{{}: true}, clusters, map[string]bool{tenant: true}}
	add := func(at location, kind, namespace, text string) {
		s.locations[at] = true
		id := manifest.ID{APIVersion: "v1", Kind: kind, Namespace: namespace, Name: "a"}
		s.objects[located{at, id}] = manifest.Map(manifest.Field{Key: "text", Value: manifest.String(text)})
	}
	for name := range clusters {
		add(location{cluster: name}, "Platform", "", "runs in "+name)
	}
	for _, name := range tenantIn {
		add(location{name, tenant}, "Tenants", tenant, "anywhere")
	}
	add(location{}, "Hub", "", strings.Join(slices.Sorted(slices.Values(tenantIn)), " "))
	return s
}

// What comes or goes counts where the other fleet could have it, and nowhere else.
func TestOnlyWhatCouldBeThereCounts(t *testing.T) {
	east, both := map[string]string{"east": "https://1"}, map[string]string{"east": "https://1", "west": "https://2"}
	sample := small("acme", both, "east", "west")
	without := small("acme", both, "east", "west")
	maps.DeleteFunc(without.objects, func(at located, _ manifest.Node) bool { return at.cluster == "west" && at.tenant == "acme" })

	for name, test := range map[string]struct {
		other snapshot
		want  []string
	}{
		"the same":                       {small("acme", both, "east", "west"), nil},
		"a cluster that is gone":         {small("acme", east, "east"), []string{"Hub:text"}},
		"a tenant that left a cluster":   {small("acme", both, "east"), []string{"Hub:text"}},
		"an object that is gone":         {without, []string{"Tenants:"}},
		"a tenant with another name":     {small("acme-2", both, "east", "west"), []string{"Tenants:"}},
		"a cluster with another name":    {small("acme", map[string]string{"east": "https://1", "north": "https://2"}, "east", "north"), []string{"Hub:text", "Platform:text"}},
		"a cluster with another server":  {small("acme", map[string]string{"east": "https://1", "west": "https://3"}, "east", "west"), nil},
		"a cluster in another's place":   {small("acme", map[string]string{"east": "https://1", "north": "https://3"}, "east", "north"), []string{"Hub:text"}},
		"two clusters that swap servers": {small("acme", map[string]string{"east": "https://2", "west": "https://1"}, "east", "west"), nil},
	} {
		if got := told(sample.against(test.other)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if got := told(test.other.against(sample)); !slices.Equal(got, test.want) {
			t.Errorf("%s, the other way round: %q, want %q", name, got, test.want)
		}
	}
}

func told(e Effect) []string {
	var out []string
	for k, paths := range e.Objects {
		for path := range paths {
			out = append(out, fmt.Sprintf("%s:%s", k.Kind, path))
		}
	}
	slices.Sort(out)
	return out
}
