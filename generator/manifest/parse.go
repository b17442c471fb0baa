package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ParseJSON reads one JSON value, keeping numbers as they are written. It fails
// on a key that is there twice and on anything after the value.
func ParseJSON(b []byte) (Node, error) {
	if !utf8.Valid(b) {
		return Node{}, errors.New("reading JSON: not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	n, err := parseValue(dec)
	if err != nil {
		return Node{}, fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Node{}, errors.New("reading JSON: something follows the value")
	}
	return n, nil
}

func parseValue(dec *json.Decoder) (Node, error) {
	token, err := dec.Token()
	if err != nil {
		return Node{}, err
	}
	switch token := token.(type) {
	case nil:
		return Null(), nil
	case bool:
		return Bool(token), nil
	case json.Number:
		return Node{typ: NumberType, text: token.String()}, nil
	case string:
		return String(token), nil
	case json.Delim:
		n := Node{typ: ListType}
		if token == '{' {
			n.typ = MapType
		}
		for dec.More() {
			var f Field
			if n.typ == MapType {
				key, err := dec.Token()
				if err != nil {
					return Node{}, err
				}
				f.Key = key.(string)
			}
			if f.Value, err = parseValue(dec); err != nil {
				return Node{}, err
			}
			n.kids = append(n.kids, f)
		}
		if _, err := dec.Token(); err != nil { // the closing bracket
			return Node{}, err
		}
		if n.typ == MapType {
			if dup, ok := sortFields(n.kids); !ok {
				return Node{}, fmt.Errorf("the key %q is there twice", dup)
			}
		}
		return n, nil
	}
	return Node{}, fmt.Errorf("unexpected %v", token)
}

// ParseYAML reads the objects of a YAML file of one or several documents, such as
// those of golden/. Empty documents are skipped. It fails on aliases, on keys that
// are no strings or there twice, and on documents that are no Kubernetes objects.
func ParseYAML(b []byte) ([]Object, error) {
	var objects []Object
	dec := yaml.NewDecoder(bytes.NewReader(b))
	for i := 1; ; i++ {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading YAML document %d: %w", i, err)
		}
		root, err := fromYAML(&doc)
		if err != nil {
			return nil, fmt.Errorf("reading YAML document %d: %w", i, err)
		}
		if root.typ == NullType {
			continue
		}
		o, err := NewObject(root)
		if err != nil {
			return nil, fmt.Errorf("reading YAML document %d: %w", i, err)
		}
		objects = append(objects, o)
	}
}

func fromYAML(y *yaml.Node) (Node, error) {
	switch y.Kind {
	case yaml.DocumentNode:
		return fromYAML(y.Content[0])
	case yaml.SequenceNode:
		kids := make([]Field, len(y.Content))
		for i, item := range y.Content {
			n, err := fromYAML(item)
			if err != nil {
				return Node{}, err
			}
			kids[i].Value = n
		}
		return Node{typ: ListType, kids: kids}, nil
	case yaml.MappingNode:
		kids := make([]Field, len(y.Content)/2)
		for i := range kids {
			key := y.Content[2*i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
				return Node{}, fmt.Errorf("line %d: a key that is no string", key.Line)
			}
			n, err := fromYAML(y.Content[2*i+1])
			if err != nil {
				return Node{}, err
			}
			kids[i] = Field{key.Value, n}
		}
		if dup, ok := sortFields(kids); !ok {
			return Node{}, fmt.Errorf("line %d: the key %q is there twice", y.Line, dup)
		}
		return Node{typ: MapType, kids: kids}, nil
	case yaml.ScalarNode:
		return scalarFromYAML(y)
	}
	return Node{}, fmt.Errorf("line %d: an alias", y.Line)
}

func scalarFromYAML(y *yaml.Node) (Node, error) {
	switch y.ShortTag() {
	case "!!null":
		return Null(), nil
	case "!!bool":
		var b bool
		if err := y.Decode(&b); err != nil {
			return Node{}, err
		}
		return Bool(b), nil
	case "!!int", "!!float":
		if json.Valid([]byte(y.Value)) {
			return Node{typ: NumberType, text: y.Value}, nil
		}
		var i int64
		if err := y.Decode(&i); err == nil {
			return Int(i), nil
		}
		var f float64
		if err := y.Decode(&f); err != nil {
			return Node{}, err
		}
		text := strconv.FormatFloat(f, 'g', -1, 64)
		if !json.Valid([]byte(text)) {
			return Node{}, fmt.Errorf("line %d: %s is no number that JSON knows", y.Line, y.Value)
		}
		return Node{typ: NumberType, text: text}, nil
	case "!!str", "!!timestamp":
		return String(y.Value), nil
	}
	return Node{}, fmt.Errorf("line %d: the tag %s", y.Line, y.Tag)
}
