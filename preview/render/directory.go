package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/glob"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// manifestFile is what the repository server takes for a manifest, less jsonnet.
var manifestFile = regexp.MustCompile(`\.(yaml|yml|json)$`)

// directory reads the objects of all files that a directory source takes.
func directory(fsys fs.FS, folder string, options *v1alpha1.ApplicationSourceDirectory) ([]Object, error) {
	var out []Object
	err := fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != folder && (options == nil || !options.Recurse) {
				return fs.SkipDir
			}
			return nil
		}
		if !Takes(options, strings.TrimPrefix(name, folder+"/")) {
			return nil
		}
		info, err := fs.Stat(fsys, name)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && !info.Mode().IsRegular():
			return nil // a link to nothing or to a folder: Argo CD passes over them
		case err != nil:
			return fmt.Errorf("%s %s", name, problem(fsys, name, err))
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		objects, err := decode(data)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		out = append(out, objects...)
		return nil
	})
	return out, err
}

// Takes tells whether a directory source takes the file at a path that is relative to
// its own, by Argo CD's own glob, in which "*" crosses slashes.
func Takes(options *v1alpha1.ApplicationSourceDirectory, file string) bool {
	if !manifestFile.MatchString(file) {
		return false
	}
	if options == nil {
		return !strings.Contains(file, "/")
	}
	return (options.Recurse || !strings.Contains(file, "/")) &&
		(options.Exclude == "" || !glob.Match(options.Exclude, file)) &&
		(options.Include == "" || glob.Match(options.Include, file))
}

// decode reads what names the objects of a file.
func decode(data []byte) ([]Object, error) {
	var out []Object
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var raw json.RawMessage
		switch err := decoder.Decode(&raw); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		if len(raw) == 0 {
			continue
		}
		var o metav1.PartialObjectMetadata
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil, err
		}
		if o.Kind != "" {
			out = append(out, object(o.APIVersion, o.Kind, o.Namespace, o.Name, len(raw)))
		}
	}
}
