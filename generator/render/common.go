package render

import (
	"maps"
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/overlay"
	"github.com/mlfleet/mlfleet/generator/workload"
)

// final gives the objects as they must be in the cluster, with its labels on them
// and on their pods and with images by digest, and what of that they have in
// common.
func (c inCluster) final() ([]overlay.Item, overlay.Common, error) {
	list, err := items(c.objects)
	if err != nil {
		return nil, overlay.Common{}, err
	}
	common := overlay.Common{Labels: workload.ClusterLabels(c.cluster)}
	labels := slices.Sorted(maps.Keys(common.Labels))
	images := pins{of: c.cluster.Environment.Pins}
	for i := range list {
		root := list[i].Object.Root
		root = root.With("metadata", labelled(root.Get("metadata"), labels, common.Labels))
		if pod := root.Get("spec", "template"); pod.IsMap() {
			pod = pod.With("metadata", labelled(pod.Get("metadata"), labels, common.Labels))
			pod = pod.With("spec", images.pinned(pod.Get("spec")))
			root = root.With("spec", root.Get("spec").With("template", pod))
		}
		list[i].Object.Root = root
	}
	common.Images = images.used
	return list, common, nil
}

func labelled(metadata manifest.Node, keys []string, labels map[string]string) manifest.Node {
	if !metadata.Exists() {
		metadata = manifest.Map()
	}
	have := metadata.Get("labels")
	if !have.Exists() {
		have = manifest.Map()
	}
	for _, key := range keys {
		have = have.With(key, manifest.String(labels[key]))
	}
	return metadata.With("labels", have)
}

// pins puts the digests of an environment in place of the names that builders
// give to images, and notes which it used, in the order of first use.
type pins struct {
	of   map[string]*fleet.Pin
	used []overlay.Image
}

func (p *pins) pinned(pod manifest.Node) manifest.Node {
	for _, list := range []string{"initContainers", "containers"} {
		containers := pod.Get(list)
		for i := range containers.Len() {
			container := containers.Item(i)
			if ref := p.reference(container.Get("image").Text()); ref != "" {
				containers = containers.WithItem(i, container.With("image", manifest.String(ref)))
			}
		}
		pod = pod.With(list, containers)
	}
	return pod
}

func (p *pins) reference(name string) string {
	pin := p.of[name]
	if pin == nil {
		return ""
	}
	image := overlay.Image{Name: name, NewName: pin.Image, Digest: pin.Digest}
	if !slices.Contains(p.used, image) {
		p.used = append(p.used, image)
	}
	return pin.Image + "@" + pin.Digest
}
