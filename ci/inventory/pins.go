package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Pin is an image name with its digest, in an environment's images.yaml.
type Pin struct {
	Environment string `json:"environment" yaml:"-"`
	Name        string `json:"name" yaml:"-"`
	Image       string `json:"image" yaml:"image"` // registry and repository
	Tag         string `json:"tag" yaml:"tag"`     // for people
	Digest      string `json:"digest" yaml:"digest"`
	Unproven    bool   `json:"unproven,omitempty" yaml:"unproven"`
	Reason      string `json:"reason,omitempty" yaml:"reason"`
}

// Proven tells whether the pin names an image whose digest is known.
func (p *Pin) Proven() bool { return !p.Unproven && p.Digest != noDigest }

// Ref is the pin as image:tag@digest.
func (p *Pin) Ref() string { return p.Image + ":" + p.Tag + "@" + p.Digest }

// pinFile is environments/<name>/images.yaml.
type pinFile struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Images map[string]*Pin `yaml:"images"`
	} `yaml:"spec"`
}

// maxPins bounds a file of pins, bytes: what mlfleet takes.
const maxPins = 256 << 10

// ReadPins gives the pins of one environment by name.
func ReadPins(fsys fs.FS, environment string) (map[string]Pin, error) {
	file := path.Join("environments", environment, "images.yaml")
	data, err := read(fsys, file, maxPins)
	if err != nil {
		return nil, malformed(fmt.Errorf("reading the pins of %s: %w", environment, err))
	}
	pins, err := parsePins(environment, data)
	if err != nil {
		return nil, malformed(fmt.Errorf("reading the pins in %s: %w", file, err))
	}
	return pins, nil
}

// MalformedError is a file that can be read, and that people or mlfleet did not
// write as they should.
type MalformedError struct{ error }

// Unwrap is what is wrong with it.
func (e *MalformedError) Unwrap() error { return e.error }

// malformed marks an error that is about what a file says, and not about reading it.
func malformed(err error) error {
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable || err == nil {
		return err
	}
	return &MalformedError{err}
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func parsePins(environment string, data []byte) (map[string]Pin, error) {
	if err := plain(data); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var f pinFile
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	if f.Kind != "ImagePins" || f.Metadata.Name != environment {
		return nil, fmt.Errorf("it is a %q named %q, not the ImagePins of %q", f.Kind, f.Metadata.Name, environment)
	}
	pins := map[string]Pin{}
	for name, p := range f.Spec.Images {
		switch {
		case p == nil:
			return nil, fmt.Errorf("the pin %q is empty", name)
		case !digestForm.MatchString(p.Digest):
			return nil, fmt.Errorf("the pin %q: %q is no digest: sha256: and 64 hex digits", name, p.Digest)
		}
		if _, _, _, err := split(p.Ref()); err != nil {
			return nil, fmt.Errorf("the pin %q: %w", name, err)
		}
		p.Environment, p.Name = environment, name
		pins[name] = *p
	}
	return pins, nil
}

// readPins gives the pins of all environments, in order.
func readPins(fsys fs.FS) ([]Pin, error) {
	environments, err := fs.ReadDir(fsys, "environments")
	if err != nil {
		return nil, fmt.Errorf("reading the environments: %w", err)
	}
	var all []Pin
	for _, e := range environments {
		if !e.IsDir() {
			continue
		}
		pins, err := ReadPins(fsys, e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(pins)) {
			all = append(all, pins[name])
		}
	}
	return all, nil
}

// read gives a regular file of at most limit bytes. What it is is asked before it is
// opened: opening a named pipe waits for somebody to write into it.
func read(fsys fs.FS, file string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", file)
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", file, limit>>10)
	}
	return data, nil
}
