package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/render"
)

// holding is what an Application holds in the cluster that it goes to.
type holding struct {
	app     expand.Application
	place   *v1alpha1.ApplicationDestination // with its server
	objects []render.Object
}

// identity is what makes two objects one, as to Argo CD (kube.ResourceKey), in a cluster.
type identity struct {
	server string
	schema.GroupKind
	namespace, name string
}

func (h holding) identity(o render.Object) identity {
	id := identity{server: h.place.Server, GroupKind: o.GroupKind(), namespace: o.Namespace, name: o.Name}
	if o.Namespaced && id.namespace == "" {
		id.namespace = h.place.Namespace
	}
	return id
}

// shared looks for objects that two Applications hold, by pairs of Applications: a
// finding about the second names one of them. Two Applications of one name are one to
// the hub, and names reports them.
func shared(held []holding) []finding.Finding {
	holder := map[identity]int{}
	var found []finding.Finding
	for i, h := range held {
		common := map[int][]identity{}
		for _, o := range h.objects {
			id := h.identity(o)
			first, ok := holder[id]
			switch {
			case !ok:
				holder[id] = i
			case held[first].app.Name != h.app.Name || held[first].app.Namespace != h.app.Namespace:
				common[first] = append(common[first], id)
			}
		}
		for _, first := range slices.Sorted(maps.Keys(common)) {
			found = append(found, h.app.Find(finding.SharedObject,
				fmt.Sprintf("%s in cluster %s is %s's, too: with FailOnSharedResource=true neither syncs, and otherwise they undo each other",
					several(common[first]), h.place.Name, held[first].app.Name),
				"give one of them another path or destination"))
		}
	}
	return found
}

// several is the first object, and how many there are.
func several(ids []identity) string {
	text := ids[0].Kind + " " + ids[0].name
	if ids[0].namespace != "" {
		text += " in namespace " + ids[0].namespace
	}
	if len(ids) > 1 {
		text = fmt.Sprintf("each of %d objects, such as %s,", len(ids), text)
	}
	return text
}
