package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
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
	object                          string // whose container it is
}

// object names a document's object as a patch names it too.
func object(document *yaml.Node) string {
	return strings.Join([]string{
		text(document, "apiVersion"), text(document, "kind"), text(document, "metadata", "namespace"), text(document, "metadata", "name"),
	}, " ")
}

// readUses reads golden/manifests/<cluster>/**.
func readUses(fsys fs.FS) ([]use, error) {
	var all []use
	err := manifests(fsys, func(file string) error {
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

// manifests visits every YAML or JSON file of golden/manifests. It may hold other
// files, for people.
func manifests(fsys fs.FS, visit func(file string) error) error {
	return walk(fsys, "golden/manifests", func(file string) error {
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(file)) {
			return nil
		}
		return visit(file)
	})
}

// walk visits every file below a folder; no folder is no file. A link is refused:
// what is behind it would not be looked at where it is synced from.
func walk(fsys fs.FS, dir string, visit func(file string) error) error {
	info, err := fs.Lstat(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", dir)
	}
	if err != nil {
		return err
	}
	return fs.WalkDir(fsys, dir, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no regular file and no folder, which mlfleet never writes", file)
		}
		return visit(file)
	})
}

// parseManifests gives the images of all documents.
func parseManifests(data []byte) ([]use, error) {
	var all []use
	err := documents(data, func(document *yaml.Node) error {
		if document.Kind == yaml.SequenceNode {
			return harmless(document)
		}
		environment := text(document, "metadata", "labels", "mlfleet.dev/environment")
		return images(document, 0, func(ref string) {
			all = append(all, use{ref: ref, environment: environment, object: object(document)})
		})
	})
	return all, err
}

// documents visits every document of a file.
func documents(data []byte, visit func(*yaml.Node) error) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(document.Content[0])
		}
		if err != nil {
			return err
		}
	}
}

// harmless refuses a JSON patch (RFC 6902) that changes a container or an image:
// what comes out cannot be seen from the patch.
func harmless(patch *yaml.Node) error {
	set := ""
	if err := images(patch, 0, func(ref string) { set = ref }); err != nil {
		return err
	}
	if set != "" {
		return fmt.Errorf("line %d: a patch sets the image %.100q: only 'images' does", patch.Line, set)
	}
	for _, step := range patch.Content {
		what, where := text(step, "op"), text(step, "path")
		if !slices.Contains([]string{"add", "replace", "remove", "test"}, what) || imagePath.MatchString(where) {
			return fmt.Errorf("line %d: a patch may change an image (%q of %.100q): only 'images' does", step.Line, what, where)
		}
	}
	return nil
}

// imagePath is a path to a list of containers, to one of them, or to an image.
var imagePath = regexp.MustCompile(`(?:^|/)(?:(?:containers|initContainers|ephemeralContainers)(?:/[^/]*)?|image(?:/reference)?)$`)

// images gives every image that a pod would pull: those of containers of all
// kinds, wherever a pod's specification stands (a Deployment, a CronJob, a custom
// resource with a pod template), and image volumes.
func images(n *yaml.Node, depth int, found func(ref string)) error {
	if err := sober(n, depth); err != nil {
		return err
	}
	// Argo CD would go on to wherever it leads, and nobody would look there.
	if kind := text(n, "kind"); strings.HasPrefix(text(n, "apiVersion"), "argoproj.io/") && strings.HasPrefix(kind, "Application") {
		return fmt.Errorf("line %d: the %.100q is not in golden/argocd, where they are looked at", n.Line, kind)
	}
	fields := map[string]bool{}
	for i, child := range n.Content {
		// Of a field that stands twice some readers take the first, and some the last.
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if fields[child.Value] {
				return fmt.Errorf("line %d: the field %.100q stands twice", child.Line, child.Value)
			}
			fields[child.Value] = true
		}
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
	case n.Style&yaml.TaggedStyle != 0:
		return fmt.Errorf("line %d: the tag %.100q, which mlfleet never writes: a reader may take what follows for something else", n.Line, n.Tag)
	case n.Kind == yaml.MappingNode && merges(n):
		return fmt.Errorf("line %d: a merge key (<<), which mlfleet never writes: what it brings in stands elsewhere", n.Line)
	case depth > maxDepth:
		return fmt.Errorf("line %d: nested more than %d levels deep", n.Line, maxDepth)
	}
	return nil
}

// merges tells whether a mapping takes in another.
func merges(n *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "<<" || n.Content[i].Tag == "!!merge" {
			return true
		}
	}
	return false
}

// plain refuses a file that is not one document of plain YAML.
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
