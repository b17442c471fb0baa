package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxManifests bounds one manifests.yaml, bytes. A tenant with 200 models has 2 MiB.
	maxManifests = 64 << 20
	// maxDepth bounds the nesting of a manifest: Kubernetes' deepest have 30 levels.
	maxDepth = 100
)

// use is one container's image in one cluster's manifests.
type use struct {
	ref, cluster, environment, file string
}

// readUses reads golden/manifests/<cluster>/**/manifests.yaml.
func readUses(fsys fs.FS) ([]use, error) {
	var all []use
	err := fs.WalkDir(fsys, "golden/manifests", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "manifests.yaml" {
			return err
		}
		data, err := read(fsys, file, maxManifests)
		if err != nil {
			return err
		}
		uses, err := parseManifests(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, u := range uses {
			u.file, u.cluster = file, strings.Split(file, "/")[2]
			all = append(all, u)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the generated manifests: %w", err)
	}
	return all, nil
}

// parseManifests gives the images of all documents.
func parseManifests(data []byte) ([]use, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var all []use
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		environment := text(document.Content[0], "metadata", "labels", "mlfleet.dev/environment")
		err = images(&document, 0, func(ref string) {
			all = append(all, use{ref: ref, environment: environment})
		})
		if err != nil {
			return nil, err
		}
	}
}

// images gives every image that a pod would pull: those of containers of all
// kinds, wherever a pod's specification stands (a Deployment, a CronJob, a custom
// resource with a pod template), and image volumes.
func images(n *yaml.Node, depth int, found func(ref string)) error {
	if err := sober(n, depth); err != nil {
		return err
	}
	for i, child := range n.Content {
		if err := images(child, depth+1, found); err != nil {
			return err
		}
		if n.Kind != yaml.MappingNode || i%2 == 0 {
			continue
		}
		switch n.Content[i-1].Value {
		case "containers", "initContainers", "ephemeralContainers":
			if child.Kind != yaml.SequenceNode {
				continue
			}
			for _, container := range child.Content {
				if ref := text(container, "image"); ref != "" {
					found(ref)
				}
			}
		case "image":
			if ref := text(child, "reference"); ref != "" {
				found(ref)
			}
		}
	}
	return nil
}

// sober refuses what mlfleet never writes and what makes YAML dangerous to read.
func sober(n *yaml.Node, depth int) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return fmt.Errorf("line %d: an alias or anchor, which mlfleet never writes", n.Line)
	case depth > maxDepth:
		return fmt.Errorf("line %d: nested more than %d levels deep", n.Line, maxDepth)
	}
	return nil
}

// plain refuses a file of pins that is not one document of plain YAML.
func plain(data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	} else if err != nil {
		return err
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("it holds several documents")
	}
	return images(&document, 0, func(string) {})
}

// text is the string at a path of keys; empty where there is none.
func text(n *yaml.Node, keys ...string) string {
	for _, key := range keys {
		if n.Kind != yaml.MappingNode {
			return ""
		}
		var value *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				value = n.Content[i+1]
			}
		}
		if value == nil {
			return ""
		}
		n = value
	}
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
