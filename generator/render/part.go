package render

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/argocd"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/overlay"
	"github.com/mlfleet/mlfleet/generator/tree"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// component is one of the two halves of a tenant: what fences it, and what runs
// inside the fence.
type component struct {
	name    string
	tenant  *fleet.Tenant
	objects func(*fleet.Placement) []object.Object
}

func components(t *fleet.Tenant) []component {
	return []component{
		{argocd.ComponentGuardrails, t, workload.Guardrails},
		{argocd.ComponentModels, t, workload.Models},
	}
}

// in is the component as it is in a placement's cluster.
func (c component) in(p *fleet.Placement) ([]overlay.Item, error) {
	final, _, err := inCluster{p.Cluster, c.objects(p)}.final()
	return final, err
}

func (c component) part() part {
	dir := "tenants/" + c.tenant.Name + "/" + c.name
	part := part{
		base:    dir + "/base",
		overlay: func(cluster string) string { return dir + "/overlays/" + cluster },
		manifests: func(cluster string) string {
			return "manifests/" + cluster + "/" + c.tenant.Name + "/" + c.name + "/manifests.yaml"
		},
		objects: c.objects(c.tenant.Base),
	}
	for _, p := range c.tenant.Placements {
		part.clusters = append(part.clusters, inCluster{p.Cluster, c.objects(p)})
	}
	return part
}

// part is a base with its overlays: what one Application a cluster syncs.
type part struct {
	base               string
	overlay, manifests func(cluster string) string
	objects            []object.Object
	clusters           []inCluster
}

// inCluster is a part's objects in one cluster.
type inCluster struct {
	cluster *fleet.Cluster
	objects []object.Object
}

func (p part) files() ([]tree.File, error) {
	if len(p.objects) == 0 {
		return nil, nil
	}
	base, err := items(p.objects)
	if err != nil {
		return nil, err
	}
	sources, err := overlay.Base(base)
	if err != nil {
		return nil, err
	}
	files := within(nil, p.base, sources)
	for _, c := range p.clusters {
		if len(c.objects) == 0 {
			continue // nothing runs there, so no Application looks there
		}
		final, common, err := c.final()
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.cluster.Name, err)
		}
		sources, err := overlay.Overlay("../../base", base, final, common)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", c.cluster.Name, err)
		}
		files = within(files, p.overlay(c.cluster.Name), sources)
		built := overlay.Built(base, final)
		objects := make([]manifest.Object, len(built))
		for i, item := range built {
			objects[i] = item.Object
		}
		files = append(files, tree.File{Path: p.manifests(c.cluster.Name), Data: manifest.File(objects...)})
	}
	return files, nil
}

func within(files []tree.File, dir string, sources []overlay.File) []tree.File {
	for _, s := range sources {
		files = append(files, tree.File{Path: dir + "/" + s.Path, Data: s.Data})
	}
	return files
}

func items(objects []object.Object) ([]overlay.Item, error) {
	out := make([]overlay.Item, len(objects))
	for i, o := range objects {
		m, err := manifest.From(o.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.File, err)
		}
		out[i] = overlay.Item{File: o.File, Object: m}
	}
	return out, nil
}
