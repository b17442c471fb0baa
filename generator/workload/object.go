package workload

import "github.com/mlfleet/mlfleet/generator/fleet"

// Object is one Kubernetes object and its place in the Kustomize base.
type Object struct {
	// File is relative to the base: "sentiment/deployment.yaml". Objects that a
	// reader wants to see together share a file.
	File string
	// Value is a pointer to a typed object with its TypeMeta set.
	Value any
}

// ClusterLabels are what every overlay adds to all objects and pod templates, through
// Kustomize's labels field. They are part of the objects in their final form;
// builders leave them to overlay, which puts them on.
func ClusterLabels(c *fleet.Cluster) map[string]string {
	return map[string]string{
		LabelCluster:     c.Name,
		LabelRegion:      c.Region.Name,
		LabelEnvironment: c.Environment.Name,
	}
}
