package argotree

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// Document is one YAML document of a file.
type Document struct {
	File string
	// Line is that of its first line in the file, counted from 1.
	Line int
	data []byte
}

// split parts a file at its lines "---". Documents without content are left out, as
// Argo CD does.
func split(file string, data []byte) []Document {
	var out []Document
	add := func(line int, data []byte) {
		if !blank(data) {
			out = append(out, Document{file, line, data})
		}
	}
	line, first, begin, at := 1, 1, 0, 0
	for text := range bytes.Lines(data) {
		if separator(text) {
			add(first, data[begin:at])
			first, begin = line+1, at+len(text)
		}
		line, at = line+1, at+len(text)
	}
	add(first, data[begin:])
	return out
}

func separator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && blank(rest)
}

// lost is the line at which a decoder stops though content follows: "...", or a "---"
// that has content behind it, at which Argo CD does not split. 0 where all is read.
func (d Document) lost() int {
	begun, ended := false, 0
	line := d.Line
	for text := range bytes.Lines(d.data) {
		switch {
		case blank(text):
		case ended > 0:
			return ended
		case begun && (bytes.HasPrefix(text, []byte("--- ")) || bytes.HasPrefix(text, []byte("---\t"))):
			return line
		case bytes.HasPrefix(text, []byte("...")) && blank(text[3:]):
			ended = line
		default:
			begun = true
		}
		line++
	}
	return 0
}

// blank tells whether there is nothing but space and comments.
func blank(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// Find is a finding about the document as a whole, at its first line of content.
func (d Document) Find(kind finding.Kind, message, fix string) finding.Finding {
	line := d.Line
	for text := range bytes.Lines(d.data) {
		if !blank(text) {
			break
		}
		line++
	}
	return finding.Finding{Kind: kind, File: d.File, Line: line, Column: 1, Message: message, Fix: fix}
}

// At moves a finding to the field of a path such as "spec.generators[0].list", or as
// far towards it as the document goes.
func (d Document) At(f finding.Finding, path string) finding.Finding {
	node := d.root()
	if node == nil {
		return f
	}
	for _, step := range steps(path) {
		key, value := child(node, step)
		if key == nil {
			break
		}
		f.Line, f.Column = d.Line+key.Line-1, key.Column
		node = value
	}
	return f
}

// AtValue moves a finding to the first value that is text.
func (d Document) AtValue(f finding.Finding, text string) finding.Finding {
	if !bytes.Contains(d.data, []byte(text)) {
		return f
	}
	if node := value(d.root(), text); node != nil {
		f.Line, f.Column = d.Line+node.Line-1, node.Column
	}
	return f
}

func (d Document) root() *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(d.data, &doc); err != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// steps parts "spec.generators[0].list" at its dots and brackets.
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// child is a mapping's key and value, or an element of a sequence twice.
func child(node *yaml.Node, step string) (key, value *yaml.Node) {
	if node.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(node.Content) {
			return nil, nil
		}
		return node.Content[i], node.Content[i]
	}
	// From the end: of two fields of one name the second is the duplicate.
	for i := len(node.Content) - 2; i >= 0 && node.Kind == yaml.MappingNode; i -= 2 {
		if node.Content[i].Value == step {
			return node.Content[i], node.Content[i+1]
		}
	}
	return nil, nil
}

// value is the first scalar below node that is text, and no key.
func value(node *yaml.Node, text string) *yaml.Node {
	if node == nil {
		return nil
	}
	if node.Kind == yaml.ScalarNode && node.Value == text {
		return node
	}
	for i, c := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		if found := value(c, text); found != nil {
			return found
		}
	}
	return nil
}
