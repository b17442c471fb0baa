// Package render turns a Fleet into the files of golden/. It takes the Fleet and
// gives a stream of files in a fixed order: what Argo CD is told, the platform,
// and then tenant by tenant the Kustomize base, an overlay for each cluster, and
// the manifests that the overlay builds to.
//
// It is a pure function of the Fleet: no clock, network, environment or map order
// reaches it. It knows where files lie and in which order; what is in them is
// decided by the packages argocd, workload and overlay.
package render

import (
	"fmt"
	"iter"
	"slices"

	"github.com/mlfleet/mlfleet/generator/argocd"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/overlay"
	"github.com/mlfleet/mlfleet/generator/tree"
	"github.com/mlfleet/mlfleet/generator/workload"
)

// Fleet streams the files of golden/, with paths relative to it. An error ends
// the stream; it means a bug, since what a user can get wrong is found when the
// fleet is loaded.
func Fleet(f *fleet.Fleet) iter.Seq2[tree.File, error] {
	return func(yield func(tree.File, error) bool) {
		jobs := []func() ([]tree.File, error){
			func() ([]tree.File, error) { return bootstrap(f) },
			func() ([]tree.File, error) { return platform(f) },
		}
		for _, t := range f.Tenants {
			jobs = append(jobs, func() ([]tree.File, error) { return tenant(f, t) })
		}
		for files, err := range inOrder(jobs) {
			if err != nil {
				yield(tree.File{}, err)
				return
			}
			for _, file := range files {
				if !yield(file, nil) {
					return
				}
			}
		}
	}
}

// Placement gives the manifests of one placement as golden/manifests has them,
// in its order: the guardrails, then the models. Naming components
// (argocd.ComponentGuardrails, argocd.ComponentModels) leaves out the others.
func Placement(p *fleet.Placement, only ...string) ([]manifest.Object, error) {
	var all []manifest.Object
	for _, c := range components(p.Tenant) {
		if len(only) > 0 && !slices.Contains(only, c.name) {
			continue
		}
		base, err := items(c.objects(p.Tenant.Base))
		if err != nil {
			return nil, err
		}
		final, err := c.in(p)
		if err != nil {
			return nil, err
		}
		for _, item := range overlay.Built(base, final) {
			all = append(all, item.Object)
		}
	}
	return all, nil
}

func bootstrap(f *fleet.Fleet) ([]tree.File, error) {
	return argocdFiles(slices.Concat(argocd.Bootstrap(f), argocd.Platform(f)))
}

func platform(f *fleet.Fleet) ([]tree.File, error) {
	part := part{
		base:      "platform/base",
		overlay:   func(cluster string) string { return "platform/overlays/" + cluster },
		manifests: func(cluster string) string { return "manifests/" + cluster + "/platform/manifests.yaml" },
		objects:   workload.Platform(nil, f),
	}
	for _, c := range f.Clusters() {
		part.clusters = append(part.clusters, inCluster{c, workload.Platform(c, f)})
	}
	return part.files()
}

func tenant(f *fleet.Fleet, t *fleet.Tenant) ([]tree.File, error) {
	if t.Base == nil {
		return nil, fmt.Errorf("rendering tenant %s: it was not loaded", t.Name)
	}
	files, err := argocdFiles(argocd.Tenant(f, t))
	if err != nil {
		return nil, fmt.Errorf("rendering tenant %s: %w", t.Name, err)
	}
	for _, c := range components(t) {
		more, err := c.part().files()
		if err != nil {
			return nil, fmt.Errorf("rendering the %s of tenant %s: %w", c.name, t.Name, err)
		}
		files = append(files, more...)
	}
	return files, nil
}

// argocdFiles puts Argo CD's objects, which come file by file, into files.
func argocdFiles(objects []argocd.Object) ([]tree.File, error) {
	var files []tree.File
	for i := 0; i < len(objects); {
		file := objects[i].File
		var together []manifest.Object
		for ; i < len(objects) && objects[i].File == file; i++ {
			o, err := manifest.From(objects[i].Value)
			if err != nil {
				return nil, fmt.Errorf("argocd/%s: %w", file, err)
			}
			together = append(together, o)
		}
		files = append(files, tree.File{Path: "argocd/" + file, Data: manifest.File(together...)})
	}
	return files, nil
}
