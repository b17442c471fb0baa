package nodes

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// Cluster is what the nodes of a cluster are made of, from a file of regions/.
type Cluster struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Version     string `json:"version"`
	Autoscaler  string `json:"autoscaler"`
	GPUPools    []Pool `json:"gpuPools"`

	Region string   `json:"-"` // mlfleet's name of the region
	Cloud  string   `json:"-"` // the cloud's
	Zones  []string `json:"-"`
}

// Pool is a GPU pool of a cluster.
type Pool struct {
	Name          string         `json:"name"`
	Class         string         `json:"class"`
	InstanceTypes []string       `json:"instanceTypes"`
	MaxNodes      int            `json:"maxNodes"`
	CapacityTypes []string       `json:"capacityTypes"`
	MIG           map[string]int `json:"mig"` // instances of each profile on one GPU
	Sharing       *Sharing       `json:"sharing"`
}

// Sharing is how several pods of one tenant use a GPU of a pool.
type Sharing struct {
	Mode     string `json:"mode"`
	Replicas int    `json:"replicas"`
	Tenant   string `json:"tenant"`
}

// ReadClusters reads the clusters of all regions of the fleet in dir, in the order
// of their files' names.
func ReadClusters(dir string) ([]Cluster, error) {
	files, err := filepath.Glob(filepath.Join(dir, "regions", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []Cluster
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a region: %w", err)
		}
		var region struct {
			Metadata struct{ Name string }
			Spec     struct {
				Cloud    string
				Zones    []string
				Clusters []Cluster
			}
		}
		if err := yaml.Unmarshal(content, &region); err != nil {
			return nil, fmt.Errorf("reading region %s: %w", file, err)
		}
		for _, c := range region.Spec.Clusters {
			c.Region, c.Cloud, c.Zones = region.Metadata.Name, region.Spec.Cloud, region.Spec.Zones
			all = append(all, c)
		}
	}
	return all, nil
}
