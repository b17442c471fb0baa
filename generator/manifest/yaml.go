package manifest

import (
	"bytes"
	"sync"
)

// AppendYAML appends o as one YAML document, which ends in a line break and has
// no separator: apiVersion, kind and metadata first, in every map the name first
// and then the keys in alphabetical order, two spaces a level, list items at the
// indent of their key.
func (o Object) AppendYAML(dst []byte) []byte { return o.Root.AppendYAML(dst) }

// File is a whole generated file: the header line, then the objects as YAML documents with
// "---" between them.
func File(objects ...Object) []byte {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	text := append((*scratch)[:0], Header...)
	text = append(text, '\n')
	for i, o := range objects {
		if i > 0 {
			text = append(text, "---\n"...)
		}
		text = o.AppendYAML(text)
	}
	*scratch = text
	return bytes.Clone(text)
}

// scratches are buffers that have grown to the size of a file already: letting each file
// grow its own would move every byte several times.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// AppendYAML appends the tree as one YAML document.
func (n Node) AppendYAML(dst []byte) []byte {
	switch {
	case len(n.kids) == 0:
		return append(appendScalar(dst, n, 0), '\n')
	case n.typ == MapType:
		return appendMap(dst, n.kids, 0, false)
	default:
		return appendList(dst, n.kids, 0, false)
	}
}

// longestSimpleKey is the most bytes of a key that stands before its colon; YAML
// wants "? key" for one of more than 1,024 characters, quotes and escapes
// included (YAML 1.2.2, 7.4.2).
const longestSimpleKey = 128

// appendMap appends the entries of a map. The first one goes on the line that is
// already begun when inline is set.
func appendMap(dst []byte, fields []Field, indent int, inline bool) []byte {
	for i := range fields {
		f := &fields[i]
		if i > 0 || !inline {
			dst = appendIndent(dst, indent)
		}
		if len(f.Key) > longestSimpleKey {
			dst = append(dst, "? "...)
			dst = appendString(dst, f.Key)
			dst = append(dst, '\n')
			dst = appendIndent(dst, indent)
		} else {
			dst = appendString(dst, f.Key)
		}
		dst = append(dst, ':')
		switch {
		case len(f.Value.kids) == 0:
			dst = append(dst, ' ')
			dst = appendScalar(dst, f.Value, indent+2)
			dst = append(dst, '\n')
		case f.Value.typ == MapType:
			dst = append(dst, '\n')
			dst = appendMap(dst, f.Value.kids, indent+2, false)
		default:
			dst = append(dst, '\n')
			dst = appendList(dst, f.Value.kids, indent, false)
		}
	}
	return dst
}

func appendList(dst []byte, items []Field, indent int, inline bool) []byte {
	for i := range items {
		item := &items[i].Value
		if i > 0 || !inline {
			dst = appendIndent(dst, indent)
		}
		dst = append(dst, "- "...)
		switch {
		case len(item.kids) == 0:
			dst = appendScalar(dst, *item, indent+2)
			dst = append(dst, '\n')
		case item.typ == MapType:
			dst = appendMap(dst, item.kids, indent+2, true)
		default:
			dst = appendList(dst, item.kids, indent+2, true)
		}
	}
	return dst
}

// appendScalar appends a value without entries. Continuation lines of a block
// stand at indent, which is at least 2 wherever a block is written.
func appendScalar(dst []byte, n Node, indent int) []byte {
	switch n.typ {
	case MapType:
		return append(dst, "{}"...)
	case ListType:
		return append(dst, "[]"...)
	case StringType:
		if indent > 0 && fitsBlock(n.text) {
			return appendBlock(dst, n.text, indent)
		}
		return appendString(dst, n.text)
	case Absent:
		return append(dst, "null"...)
	}
	return append(dst, n.text...)
}

func appendIndent(dst []byte, n int) []byte {
	const spaces = "                                                                "
	for n > len(spaces) {
		dst = append(dst, spaces...)
		n -= len(spaces)
	}
	return append(dst, spaces[:n]...)
}
