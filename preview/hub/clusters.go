package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/preview/files"
)

// Folder is where regions lie below a fleet's root.
const Folder = "regions"

// Cluster is a cluster as Argo CD knows it.
type Cluster struct {
	Name, Server string
}

// inCluster is the cluster that the hub itself runs in, which needs no registration.
var inCluster = Cluster{"in-cluster", v1alpha1.KubernetesInternalAPIServerAddr}

// region is as much of a region's file as is read here.
type region struct {
	Kind string `json:"kind"`
	Spec struct {
		Clusters []struct {
			Name   string `json:"name"`
			ArgoCD struct {
				Name   string `json:"name"`
				Server string `json:"server"`
			} `json:"argocd"`
		} `json:"clusters"`
	} `json:"spec"`
}

// Read finds the clusters of all regions.
func Read(f files.Files) (*Hub, error) {
	h := &Hub{clusters: []Cluster{inCluster}}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasPrefix(name, Folder+"/") {
			continue
		}
		var r region
		if err := yaml.Unmarshal(f[name], &r); err != nil {
			return nil, fmt.Errorf("reading the clusters of %s: %w (mlfleet validate tells more)", name, err)
		}
		for _, c := range r.Spec.Clusters {
			if r.Kind != "Region" || c.ArgoCD.Name == "" || c.ArgoCD.Server == "" {
				return nil, fmt.Errorf("reading the clusters of %s: %q lacks argocd.name or argocd.server (mlfleet validate tells more)", name, c.Name)
			}
			h.clusters = append(h.clusters, Cluster{c.ArgoCD.Name, c.ArgoCD.Server})
		}
	}
	return h, nil
}
