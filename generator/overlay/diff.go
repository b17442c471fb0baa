package overlay

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// diff is what makes Kustomize build final from the object base: a strategic
// merge patch, absent when there is none, and the operations of a JSON 6902 patch
// to be applied after it.
func diff(base manifest.Object, final manifest.Node) (merge manifest.Node, ops []op) {
	if manifest.Equal(base.Root, final) {
		return manifest.Node{}, nil
	}
	r := rulesFor(base)
	d := differ{}
	if !mergesCleanly(base.Root, r) {
		d.edit(base.Root, final, r)
		return manifest.Node{}, d.ops
	}
	patch := d.mapPatch(base.Root, final, r)
	if patch.Exists() {
		patch = identified(base, patch)
	}
	return patch, d.ops
}

// A differ walks two trees at once.
type differ struct {
	path []string
	ops  []op
}

// mapPatch is the merge patch from one map to another, absent when operations
// carry all that differs.
func (d *differ) mapPatch(base, final manifest.Node, r *rules) manifest.Node {
	var fields []manifest.Field
	for key, pair := range manifest.Pairs(base, final) {
		if manifest.Equal(pair[0], pair[1]) {
			continue
		}
		d.path = append(d.path, key)
		if v := d.valuePatch(pair[0], pair[1], r.field(key)); v.Exists() {
			fields = append(fields, manifest.Field{Key: key, Value: v})
		}
		d.path = d.path[:len(d.path)-1]
	}
	if fields == nil {
		return manifest.Node{}
	}
	return manifest.Map(fields...)
}

func (d *differ) valuePatch(base, final manifest.Node, r *rules) manifest.Node {
	directive := strings.HasPrefix(d.path[len(d.path)-1], "$")
	switch {
	case directive:
		d.edit(base, final, r)
		return manifest.Node{}
	case !final.Exists() && base.Type() != manifest.NullType:
		return manifest.Null()
	case !base.Exists() && survivesMerge(final, r):
		return final
	case base.IsMap() && final.IsMap():
		return d.mapPatch(base, final, r)
	case base.IsList() && final.IsList() && base.Len() > 0:
		return d.listPatch(base, final, r)
	case isScalar(base) && base.Type() == final.Type():
		// Kustomize keeps the old value's quotes, so a string "7" would not become 7.
		return final
	}
	d.edit(base, final, r)
	return manifest.Node{}
}

func isScalar(n manifest.Node) bool {
	switch n.Type() {
	case manifest.StringType, manifest.NumberType, manifest.BoolType:
		return true
	}
	return false
}

// wholeListValues is how many values a list may hold to be written whole into a
// merge patch. A reader takes in a short list at a glance; of a long one, such as
// a network policy's rules, the exact place of the change says more.
const wholeListValues = 12

func (d *differ) listPatch(base, final manifest.Node, r *rules) manifest.Node {
	switch {
	case r != nil && r.merged && !sameItems(base, final, r.keys):
	case r != nil && r.merged:
		return d.itemPatches(base, final, r)
	case survivesMerge(final, r) && values(final) <= wholeListValues:
		return final
	}
	d.edit(base, final, r)
	return manifest.Node{}
}

// itemPatches is the merge patch of a list whose items are the same, in the same
// order: items up to the last one that differs, each with its keys.
func (d *differ) itemPatches(base, final manifest.Node, r *rules) manifest.Node {
	var items []manifest.Node
	last := 0
	for i := range base.Len() {
		b, f := base.Item(i), final.Item(i)
		item := manifest.Map()
		if !manifest.Equal(b, f) {
			d.path = append(d.path, strconv.Itoa(i))
			if patch := d.mapPatch(b, f, r); patch.Exists() {
				item, last = patch, i+1
			}
			d.path = d.path[:len(d.path)-1]
		}
		for _, key := range r.keys {
			if v := f.Get(key); v.Exists() {
				item = item.With(key, v)
			}
		}
		items = append(items, item)
	}
	if last == 0 {
		return manifest.Node{}
	}
	return manifest.List(items[:last]...)
}

// values counts the plain values of a tree, which is about the lines it takes.
func values(n manifest.Node) int {
	if n.Len() == 0 {
		return 1
	}
	sum := 0
	for _, f := range n.Fields() {
		sum += values(f.Value)
	}
	return sum
}

// sameItems reports whether two lists hold items of the same keys in the same
// order, so that a merge keeps their order.
func sameItems(a, b manifest.Node, keys []string) bool {
	if len(keys) == 0 || a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		for _, key := range keys {
			if !manifest.Equal(a.Item(i).Get(key), b.Item(i).Get(key)) {
				return false
			}
		}
	}
	return true
}

// survivesMerge reports whether Kustomize's merge would leave the tree n as it is
// when it takes it over from a patch.
func survivesMerge(n manifest.Node, r *rules) bool {
	if r != nil && r.unknown && hasList(n) {
		return false
	}
	return !hasNullOrDirective(n) && mergesCleanly(n, r)
}

func hasList(n manifest.Node) bool {
	return n.IsList() || slices.ContainsFunc(n.Fields(), func(f manifest.Field) bool { return hasList(f.Value) })
}

func hasNullOrDirective(n manifest.Node) bool {
	if n.Type() == manifest.NullType {
		return true
	}
	for _, f := range n.Fields() {
		if strings.HasPrefix(f.Key, "$") || hasNullOrDirective(f.Value) {
			return true
		}
	}
	return false
}

// mergesCleanly reports whether the lists of n that Kustomize merges by key come
// out of a merge as they went in: it rewrites all of them whenever it merges
// anything into their object, and loses or moves items whose keys are missing or
// not their own.
func mergesCleanly(n manifest.Node, r *rules) bool {
	if r == nil || r.unknown || r.fields == nil && !r.merged {
		return true
	}
	if !n.IsList() {
		return mapMergesCleanly(n, r)
	}
	if r.merged && !itemsAreDistinct(n, r.keys) {
		return false
	}
	return !slices.ContainsFunc(n.Fields(), func(item manifest.Field) bool { return !mapMergesCleanly(item.Value, r) })
}

// itemsAreDistinct reports whether keys tell every item of a list from the
// others. A key may be missing, if it is missing everywhere and is not the first:
// Kustomize then goes by the others.
func itemsAreDistinct(list manifest.Node, keys []string) bool {
	for i := range list.Len() {
		item := list.Item(i)
		if item.IsMap() == (len(keys) == 0) {
			return false
		}
		for k, key := range keys {
			v := item.Get(key)
			if v.Exists() != list.Item(0).Get(key).Exists() || v.Exists() && (!isScalar(v) || v.Text() == "") || k == 0 && !v.Exists() {
				return false
			}
		}
		for j := range i {
			if other := list.Item(j); len(keys) == 0 && item.Text() == other.Text() || len(keys) > 0 && sameKeys(item, other, keys) {
				return false
			}
		}
	}
	return true
}

func mapMergesCleanly(n manifest.Node, r *rules) bool {
	for _, f := range n.Fields() {
		inner, ok := r.fields[f.Key]
		if ok && f.Value.Len() > 0 && !mergesCleanly(f.Value, inner) {
			return false
		}
	}
	return true
}

func sameKeys(a, b manifest.Node, keys []string) bool {
	for _, key := range keys {
		if a.Get(key).Text() != b.Get(key).Text() {
			return false
		}
	}
	return true
}
