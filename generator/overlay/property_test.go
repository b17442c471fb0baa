package overlay

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

var rounds = flag.Int("rounds", 120, "how many random overlays TestKustomizeBuildsFinal builds")

var common = Common{
	Labels: map[string]string{"mlfleet.dev/cluster": "us-east-production", "mlfleet.dev/region": "us-east", "app.kubernetes.io/name": "sentiment"},
	Images: []Image{
		{Name: "inference", NewName: "ghcr.io/mlfleet/inference", Digest: "sha256:" + strings.Repeat("a", 64)},
		{Name: "exporter", NewName: "registry.example:5000/exporter", Digest: "sha256:" + strings.Repeat("b", 64)},
	},
}

// TestKustomizeBuildsFinal is what this package is for: whatever differs between
// base and cluster, Kustomize builds exactly the objects of the cluster.
func TestKustomizeBuildsFinal(t *testing.T) {
	plain := baseItems(t)
	merges, edits := 0, 0
	for round := range *rounds {
		rng := rand.New(rand.NewPCG(uint64(round), 7))
		base := slices.Clone(plain)
		for i := range base {
			if e := (editor{rng: rng}); rng.IntN(4) == 0 {
				base[i].Object.Root = e.object(base[i].Object.Root)
			}
		}
		var final []Item
		for _, item := range base {
			if rng.IntN(25) == 0 {
				continue // an object that this cluster does not have
			}
			e := editor{rng: rng}
			root := item.Object.Root
			for range rng.IntN(4) {
				root = e.object(root)
			}
			final = append(final, finished(t, item.File, root))
		}
		final = withExtras(t, rng, base, final)
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			files := check(t, base, final, common)
			text := printed(files)
			merges += strings.Count(text, "-- patches.yaml")
			edits += strings.Count(text, "op: ")
		})
	}
	if merges == 0 || edits == 0 {
		t.Errorf("%d merge patches and %d operations: one way was never taken", merges, edits)
	}
}

// withExtras adds objects that the base lacks, in a file of their own or in one
// called like a file of the base.
func withExtras(t testing.TB, rng *rand.Rand, base, final []Item) []Item {
	t.Helper()
	at := rng.IntN(len(final))
	file := []string{"extra.yaml", base[rng.IntN(len(base))].File}[rng.IntN(2)]
	for n := range rng.IntN(3) {
		extra := base[rng.IntN(len(base))].Object.Root
		extra = extra.With("metadata", extra.Get("metadata").With("name", manifest.String("extra-"+strconv.Itoa(n))))
		final = slices.Insert(final, at, finished(t, file, extra))
	}
	return final
}

// finished gives an object what common says.
func finished(t testing.TB, file string, root manifest.Node) Item {
	t.Helper()
	o, err := manifest.NewObject(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range LabelPaths(o) {
		root = labelled(root, way)
	}
	o.Root = pinned(root)
	return Item{File: file, Object: o}
}

func labelled(n manifest.Node, way []string) manifest.Node {
	if !n.Exists() {
		n = manifest.Map()
	}
	if len(way) > 0 {
		return n.With(way[0], labelled(n.Get(way[0]), way[1:]))
	}
	for key, value := range common.Labels {
		n = n.With(key, manifest.String(value))
	}
	return n
}

func pinned(n manifest.Node) manifest.Node {
	for i, f := range n.Fields() {
		v := pinned(f.Value)
		for _, image := range common.Images {
			if f.Key == "image" && v.Text() == image.Name {
				v = manifest.String(image.NewName + "@" + image.Digest)
			}
		}
		n = n.WithItem(i, v)
	}
	return n
}

// An editor changes one thing at a random place of an object, as an override, a
// new feature of a builder, or a region's fact would.
type editor struct{ rng *rand.Rand }

// object edits everything but what identifies the object. Shapes that no API
// server would accept (a list where a map belongs) are not made.
func (e editor) object(root manifest.Node) manifest.Node {
	for {
		key := root.Fields()[e.rng.IntN(root.Len())].Key
		switch key {
		case "apiVersion", "kind":
		case "metadata":
			if e.rng.IntN(2) == 0 {
				return root.With(key, e.metadata(root.Get(key)))
			}
		default:
			return root.With(key, e.value(key, root.Get(key)))
		}
	}
}

func (e editor) metadata(meta manifest.Node) manifest.Node {
	key := []string{"annotations", "labels", "finalizers"}[e.rng.IntN(3)]
	if key == "finalizers" {
		lists := []manifest.Node{{}, stringList([]string{"a.example/x"}), stringList([]string{"b.example/x", "a.example/x"})}
		return meta.With(key, lists[e.rng.IntN(3)])
	}
	m := meta.Get(key)
	if !m.Exists() {
		m = manifest.Map()
	}
	m = m.With([]string{"team", "mlfleet.dev/note", "argocd.argoproj.io/sync-wave", "app.kubernetes.io/name"}[e.rng.IntN(4)],
		[]manifest.Node{{}, manifest.String("1"), manifest.String("a: b #c\nyes\n")}[e.rng.IntN(3)])
	if m.Len() == 0 {
		return meta.Without(key)
	}
	return meta.With(key, m)
}

func (e editor) value(key string, n manifest.Node) manifest.Node {
	switch {
	case n.IsMap():
		return e.mapValue(n)
	case n.IsList():
		return e.list(key, n)
	}
	if e.rng.IntN(16) == 0 {
		return []manifest.Node{manifest.Int(7), manifest.Bool(true), manifest.String("7"), manifest.String("true")}[e.rng.IntN(4)]
	}
	switch n.Type() {
	case manifest.BoolType:
		return manifest.Bool(n.Text() != "true")
	case manifest.NumberType:
		return manifest.Int(int64(e.rng.IntN(100)))
	}
	return manifest.String(e.text())
}

func (e editor) text() string {
	return []string{"us-east-1", "yes", "8Gi", "0.5", "1e3", "a: b", "two\nlines\n", "", "{{ x }}", "inference", "null"}[e.rng.IntN(11)]
}

func (e editor) mapValue(n manifest.Node) manifest.Node {
	if n.Len() == 0 || e.rng.IntN(8) == 0 {
		return n.With("added"+strconv.Itoa(e.rng.IntN(3)), e.fresh(0))
	}
	f := n.Fields()[e.rng.IntN(n.Len())]
	identifies := slices.Contains([]string{"name", "mountPath", "containerPort", "topologyKey", "whenUnsatisfiable", "port"}, f.Key)
	switch {
	case f.Key == "image":
		return n
	case identifies && f.Key != "name" && e.rng.IntN(16) == 0:
		return n.Without(f.Key) // no API server takes it, but nothing may be lost
	case !identifies && !f.Value.IsList() && e.rng.IntN(8) == 0, f.Key == "protocol", f.Key == "labels" && f.Value.Len() < 2:
		return n.Without(f.Key) // the last key of a map included
	case identifies && e.rng.IntN(4) > 0:
		return n
	}
	return n.With(f.Key, e.value(f.Key, f.Value))
}

func (e editor) fresh(depth int) manifest.Node {
	switch e.rng.IntN(7) {
	case 0:
		return manifest.Int(7)
	case 5:
		return manifest.Null()
	case 1:
		return manifest.Map()
	case 2:
		if depth < 3 {
			return manifest.Map(manifest.Field{Key: "b", Value: e.fresh(depth + 1)}, manifest.Field{Key: "name", Value: e.fresh(depth + 1)})
		}
	case 3:
		if depth < 3 {
			return manifest.List(e.fresh(depth+1), manifest.Map(manifest.Field{Key: "name", Value: manifest.String("x")}), e.fresh(depth+1))
		}
	case 4:
		return manifest.List()
	}
	return manifest.String(e.text())
}

func (e editor) list(key string, list manifest.Node) manifest.Node {
	var items []manifest.Node
	for _, f := range list.Fields() {
		items = append(items, f.Value)
	}
	if len(items) == 0 {
		return list // nothing says what its items would be
	}
	at := e.rng.IntN(len(items))
	switch e.rng.IntN(7) {
	case 0:
		if key != "containers" || len(items) > 1 {
			items = slices.Delete(items, at, at+1)
		}
	case 1, 2:
		items = slices.Insert(items, e.rng.IntN(len(items)+1), e.newItem(items[at]))
	case 3:
		e.rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	default:
		items[at] = e.value("", items[at])
	}
	return manifest.List(items...)
}

// newItem is like item, with something of it, perhaps what identifies it, changed.
func (e editor) newItem(item manifest.Node) manifest.Node {
	if !item.IsMap() {
		return e.value("", item)
	}
	for _, key := range []string{"name", "mountPath", "topologyKey"} {
		if item.Get(key).Exists() && e.rng.IntN(6) > 0 {
			item = item.With(key, manifest.String("new-"+strconv.Itoa(e.rng.IntN(5))))
		}
	}
	for _, key := range []string{"containerPort", "port"} {
		if item.Get(key).Exists() {
			item = item.With(key, manifest.Int(int64(7000+e.rng.IntN(5))))
		}
	}
	return item
}
