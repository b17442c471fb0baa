package render

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/overlay"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// final gives the objects as they must be in the cluster, with its labels on them
// and on their pods and with images by digest, and what of that they have in
// common.
func (c inCluster) final() ([]overlay.Item, overlay.Common, error) {
	list, err := items(c.objects)
	if err != nil {
		return nil, overlay.Common{}, err
	}
	common := overlay.Common{Labels: object.ClusterLabels(c.cluster)}
	labels := manifest.Strings(common.Labels)
	images := pins{of: c.cluster.Environment.Pins}
	for i, item := range list {
		root := item.Object.Root
		for _, way := range overlay.LabelPaths(item.Object) {
			root = labelled(root, labels, way)
			if pod := slices.Concat(way[:len(way)-2], []string{"spec"}); root.Get(pod...).Get("containers").Exists() {
				root = changed(root, images.pinned, pod)
			}
		}
		list[i].Object.Root = root
	}
	common.Images = images.used
	return list, common, nil
}

// labelled is the tree n with labels in the map at way.
func labelled(n, labels manifest.Node, way []string) manifest.Node {
	return changed(n, func(have manifest.Node) manifest.Node {
		if !have.Exists() {
			return labels
		}
		for _, label := range labels.Fields() {
			have = have.With(label.Key, label.Value)
		}
		return have
	}, way)
}

// changed is the tree n with what is at way changed; maps on the way are made.
func changed(n manifest.Node, change func(manifest.Node) manifest.Node, way []string) manifest.Node {
	if len(way) == 0 {
		return change(n)
	}
	if !n.Exists() {
		n = manifest.Map()
	}
	return n.With(way[0], changed(n.Get(way[0]), change, way[1:]))
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
