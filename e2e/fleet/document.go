package fleet

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// Document is an input as plain values: maps, lists, strings, numbers.
type Document map[string]any

// Read reads one input, named by its path in the repository.
func (r *Repository) Read(path string) (Document, error) {
	content, err := os.ReadFile(filepath.Join(r.Dir, path))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	var d Document
	if err := yaml.Unmarshal(content, &d); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return d, nil
}

// Edit changes one input. Comments get lost.
func (r *Repository) Edit(path string, change func(Document)) error {
	d, err := r.Read(path)
	if err != nil {
		return err
	}
	change(d)
	return r.Write(path, d)
}

// Write writes an input.
func (r *Repository) Write(path string, d Document) error {
	content, err := yaml.Marshal(d)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	file := filepath.Join(r.Dir, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// At is the map at a path of keys. Maps on the way that are missing are made.
func (d Document) At(keys ...string) Document {
	for _, key := range keys {
		inner, ok := d[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			d[key] = inner
		}
		d = inner
	}
	return d
}

// items are the maps of a list.
func items(list any) []Document {
	values, _ := list.([]any)
	var all []Document
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}
