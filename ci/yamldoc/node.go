package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxBytes is the largest file that is read.
const maxBytes = 4 << 20

// Node is one value in a file, with its place.
type Node struct {
	file string
	yaml *yaml.Node
}

// Read reads a file with exactly one document.
func Read(path string) (Node, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Node{}, err
	}
	return Parse(path, data)
}

// Parse reads the bytes of a file; the name is for errors.
func Parse(file string, data []byte) (Node, error) {
	if len(data) > maxBytes {
		return Node{}, fmt.Errorf("%s: it has %d bytes, at most %d are read", file, len(data), maxBytes)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return Node{}, fmt.Errorf("%s:1:1: it is empty", file)
	case err != nil:
		return Node{}, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	root := Node{file: file, yaml: document.Content[0]}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return Node{}, root.Errorf("the file holds a second document; one is read")
	}
	return root, root.plain()
}

// plain refuses what makes a file hard to review.
func (n Node) plain() error {
	switch {
	case n.yaml.Kind == yaml.AliasNode:
		return n.Errorf("an alias: write the value out")
	case n.yaml.Anchor != "":
		return n.Errorf("an anchor: write the values out")
	case n.yaml.Style&yaml.TaggedStyle != 0:
		return n.Errorf("a tag (%s): leave it out", n.yaml.Tag)
	}
	var all []error
	for _, child := range n.yaml.Content {
		all = append(all, Node{n.file, child}.plain())
	}
	return errors.Join(all...)
}

// Errorf is an error at this value's place: file:line:column: text.
func (n Node) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", n.file, n.yaml.Line, n.yaml.Column, fmt.Errorf(format, args...))
}

// At gives the value's place as file:line:column.
func (n Node) At() string { return fmt.Sprintf("%s:%d:%d", n.file, n.yaml.Line, n.yaml.Column) }

func (n Node) kind() string {
	switch {
	case n.yaml.Kind == yaml.MappingNode:
		return "a mapping"
	case n.yaml.Kind == yaml.SequenceNode:
		return "a list"
	case n.yaml.Tag == "!!null":
		return "nothing"
	}
	return fmt.Sprintf("%q", n.yaml.Value)
}
