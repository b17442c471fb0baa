package overlay

import (
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// op is one operation of a JSON 6902 patch.
type op struct {
	verb  string // add, remove, replace
	path  string // a JSON pointer (RFC 6901)
	value manifest.Node
}

func opList(ops []op) manifest.Node {
	items := make([]manifest.Node, 0, len(ops))
	for _, o := range ops {
		item := manifest.Map(
			manifest.Field{Key: "op", Value: manifest.String(o.verb)},
			manifest.Field{Key: "path", Value: manifest.String(o.path)},
		)
		items = append(items, item.With("value", o.value))
	}
	return manifest.List(items...)
}

// inlinePatch is the operations as the text of a "patch:". Kustomize trims white
// space off its end, which would change a last value that ends in line breaks: a
// comment shields it.
func inlinePatch(ops []op) string {
	text := opList(ops).AppendYAML(nil)
	if endsInLineBreak(ops[len(ops)-1].value) {
		text = append(text, "# end\n"...)
	}
	return string(text)
}

func endsInLineBreak(n manifest.Node) bool {
	if n.Len() > 0 {
		return endsInLineBreak(n.Item(n.Len() - 1))
	}
	return n.IsString() && strings.HasSuffix(n.Text(), "\n")
}

// edit appends the operations that turn base, which stands at the differ's path,
// into final. They are applied one after the other.
func (d *differ) edit(base, final manifest.Node, r *rules) {
	switch {
	case manifest.Equal(base, final):
	case !base.Exists():
		d.append("add", final)
	case !final.Exists():
		d.append("remove", manifest.Node{})
	case base.IsMap() && final.IsMap():
		for key, pair := range manifest.Pairs(base, final) {
			d.path = append(d.path, key)
			d.edit(pair[0], pair[1], r.field(key))
			d.path = d.path[:len(d.path)-1]
		}
	case base.IsList() && final.IsList():
		d.editList(base, final, r)
	default:
		d.append("replace", final)
	}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func (d *differ) append(verb string, value manifest.Node) {
	var b strings.Builder
	for _, step := range d.path {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(step))
	}
	d.ops = append(d.ops, op{verb, b.String(), value})
}

// editList adds, removes and edits single items, unless the whole list is
// shorter to write.
func (d *differ) editList(base, final manifest.Node, r *rules) {
	before := len(d.ops)
	at := 0 // the place in the list as the operations so far leave it
	step := func(item func()) {
		d.path = append(d.path, strconv.Itoa(at))
		item()
		d.path = d.path[:len(d.path)-1]
	}
	i, j := 0, 0
	for _, pair := range append(matches(base, final, identity(base, final, r)), [2]int{base.Len(), final.Len()}) {
		for ; i < pair[0]; i++ {
			step(func() { d.append("remove", manifest.Node{}) })
		}
		for ; j < pair[1]; j++ {
			step(func() { d.append("add", final.Item(j)) })
			at++
		}
		if i < base.Len() && j < final.Len() {
			step(func() { d.edit(base.Item(i), final.Item(j), r) })
			i, j, at = i+1, j+1, at+1
		}
	}
	cost := 0
	for _, o := range d.ops[before:] {
		cost += 2
		if o.value.Exists() {
			cost += values(o.value)
		}
	}
	if cost > 2+values(final) {
		d.ops = d.ops[:before]
		d.append("replace", final)
	}
}

// identity says when two items of the lists are one and the same that may have
// changed: by the list's own keys, by name, or only when they are equal. In lists
// of one length without names, items are the same by their place.
func identity(base, final manifest.Node, r *rules) func(i, j int) bool {
	keys := []string{"name"}
	if r != nil && len(r.keys) > 0 {
		keys = r.keys
	}
	if keyed(base, keys) && keyed(final, keys) {
		return func(i, j int) bool { return sameKeys(base.Item(i), final.Item(j), keys) }
	}
	if base.Len() == final.Len() {
		return func(i, j int) bool { return i == j }
	}
	return func(i, j int) bool { return manifest.Equal(base.Item(i), final.Item(j)) }
}

func keyed(list manifest.Node, keys []string) bool {
	for i := range list.Len() {
		if !isScalar(list.Item(i).Get(keys[0])) {
			return false
		}
	}
	return list.Len() > 0
}

// matches are the places of a longest common subsequence of two lists.
func matches(base, final manifest.Node, same func(i, j int) bool) [][2]int {
	n, m := base.Len(), final.Len()
	longest := make([]int, (n+1)*(m+1)) // from (i, j) to both ends
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				longest[i*(m+1)+j] = 1 + longest[(i+1)*(m+1)+j+1]
			} else {
				longest[i*(m+1)+j] = max(longest[(i+1)*(m+1)+j], longest[i*(m+1)+j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(i, j):
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case longest[(i+1)*(m+1)+j] >= longest[i*(m+1)+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
