package pin

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// edit returns data with one pin changed or added.
func edit(data []byte, name string, want fleet.Pin, add bool) ([]byte, error) {
	if strings.ContainsAny(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r\u0085\u2028\u2029") {
		return nil, errors.New("the file has line ends that editors disagree on: save it with \\n")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	images := child(child(doc.Content[0], "spec"), "images")
	e := newEditor(data)
	var err error
	if add {
		err = e.add(images, name, want)
	} else {
		err = e.change(child(images, name), want)
	}
	if err != nil {
		return nil, err
	}
	return e.apply(), nil
}

// change sets the fields of a pin, and removes the two that mark an unknown digest.
func (e *editor) change(pin *yaml.Node, want fleet.Pin) error {
	if pin.Style&yaml.FlowStyle != 0 {
		return e.replaceFlow(pin, fmt.Sprintf("{image: %s, tag: %s, digest: %s}", want.Image, quoted(want.Tag), want.Digest))
	}
	for i := 0; i < len(pin.Content); i += 2 {
		key, value := pin.Content[i], pin.Content[i+1]
		var err error
		switch key.Value {
		case "image":
			err = e.set(value, want.Image, want.Image)
		case "tag":
			err = e.set(value, want.Tag, quoted(want.Tag))
		case "digest":
			err = e.set(value, want.Digest, want.Digest)
		case "unproven", "reason":
			e.deleteEntry(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add puts a pin after the last one.
func (e *editor) add(images *yaml.Node, name string, want fleet.Pin) error {
	if len(images.Content) == 0 {
		return errors.New("there is no other pin to put it after: write the first one by hand")
	}
	if images.Style&yaml.FlowStyle != 0 {
		return errors.New("the pins stand in braces: write each as a block, one field a line")
	}
	last := images.Content[len(images.Content)-2]
	outer := strings.Repeat(" ", last.Column-1)
	inner := outer + "  "
	e.insertAfter(last, outer+name+":", inner+"image: "+want.Image, inner+"tag: "+quoted(want.Tag), inner+"digest: "+want.Digest)
	return nil
}

// child is the value of a key in a mapping. The file was checked, so it is there.
func child(mapping *yaml.Node, key string) *yaml.Node {
	i := slices.IndexFunc(mapping.Content, func(n *yaml.Node) bool { return n.Value == key })
	return mapping.Content[i+1]
}

// oldBool are words that YAML 1.1 reads as true or false, and our parser does not.
var oldBool = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// quoted is a tag as every YAML reader takes it for a string: 7, 1e3 and
// 2026-01-31 need quotes.
func quoted(tag string) string {
	n := yaml.Node{Kind: yaml.ScalarNode, Value: tag}
	if n.ShortTag() != "!!str" || oldBool.MatchString(tag) {
		return `"` + tag + `"`
	}
	return tag
}
