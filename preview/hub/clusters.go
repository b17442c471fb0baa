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

// What of a fleet's root is read: the folder of its regions, and its own file.
const (
	Folder = "regions"
	File   = "fleet.yaml"
)

// Cluster is a cluster as Argo CD knows it.
type Cluster struct {
	Name, Server string
}

// local is the cluster that the hub itself runs in, under the name that it has where
// nobody has registered it under another.
var local = Cluster{"in-cluster", v1alpha1.KubernetesInternalAPIServerAddr}

// destination is how a fleet's files name a cluster.
type destination struct {
	Name   string `json:"name"`
	Server string `json:"server"`
}

func (d destination) complete() bool { return d.Name != "" && d.Server != "" }

// fleet is as much of fleet.yaml as is read here.
type fleet struct {
	Spec struct {
		ArgoCD struct {
			Hub destination `json:"hub"`
		} `json:"argocd"`
	} `json:"spec"`
}

// region is as much of a region's file as is read here.
type region struct {
	Kind string `json:"kind"`
	Spec struct {
		Clusters []struct {
			Name   string      `json:"name"`
			ArgoCD destination `json:"argocd"`
		} `json:"clusters"`
	} `json:"spec"`
}

// Read finds the hub's own cluster and those of all regions. A folder without
// fleet.yaml has the hub in the cluster that Argo CD calls in-cluster.
func Read(f files.Files) (*Hub, error) {
	own, err := ownClusters(f)
	if err != nil {
		return nil, err
	}
	h := &Hub{clusters: own}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasPrefix(name, Folder+"/") {
			continue
		}
		var r region
		if err := yaml.Unmarshal(f[name], &r); err != nil {
			return nil, fmt.Errorf("reading the clusters of %s: %w (mlfleet validate tells more)", name, err)
		}
		for _, c := range r.Spec.Clusters {
			if r.Kind != "Region" || !c.ArgoCD.complete() {
				return nil, fmt.Errorf("reading the clusters of %s: %q lacks argocd.name or argocd.server (mlfleet validate tells more)", name, c.Name)
			}
			h.clusters = append(h.clusters, Cluster(c.ArgoCD))
		}
	}
	return h, nil
}

// ownClusters are what the hub runs in. A name that the fleet gives to the local server
// takes the place of Argo CD's; one at another address is a registration beside it.
func ownClusters(f files.Files) ([]Cluster, error) {
	var doc fleet
	if err := yaml.Unmarshal(f[File], &doc); err != nil {
		return nil, fmt.Errorf("reading the hub of %s: %w (mlfleet validate tells more)", File, err)
	}
	hub := doc.Spec.ArgoCD.Hub
	switch {
	case f[File] == nil:
		return []Cluster{local}, nil
	case !hub.complete():
		return nil, fmt.Errorf("reading the hub of %s: it lacks argocd.hub.name or argocd.hub.server (mlfleet validate tells more)", File)
	case hub.Server == local.Server || hub.Name == local.Name:
		return []Cluster{Cluster(hub)}, nil
	default:
		return []Cluster{local, Cluster(hub)}, nil
	}
}
