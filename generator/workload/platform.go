package workload

import "github.com/mlfleet/mlfleet/generator/fleet"

const filePriorityClasses = "priorityclasses.yaml"

// Platform is what a cluster needs once for all tenants, because their models refer
// to it: the PriorityClasses of the tiers. Where c is nil it is what the clusters
// share. The set of objects is the same in every cluster.
func Platform(c *fleet.Cluster, f *fleet.Fleet) []Object {
	var objects []Object
	for _, tier := range tiers(f) {
		objects = append(objects, Object{filePriorityClasses, priorityClass(tier, rank(tier, c, f))})
	}
	return objects
}

func platformLabels() map[string]string {
	return map[string]string{
		LabelPartOf:    managedBy,
		LabelManagedBy: managedBy,
		LabelComponent: ComponentPlatform,
	}
}
