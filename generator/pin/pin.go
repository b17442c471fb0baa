// Package pin sets the digest of one image pin in environments/<env>/images.yaml.
// It takes the file's bytes and gives them back with that pin changed and every
// other byte as it was: comments, order, quotes and line ends are a person's, and
// a pull request that a machine opens should show the one line it is about.
//
// So it does not print YAML. It finds where the pin's values stand, and replaces
// these bytes. Whether that went well is not left to care: the result is parsed
// and checked against the schema, and must hold exactly the pins it held, with
// the one changed.
package pin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/schema"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// Options are what Set does not do without being asked.
type Options struct {
	// File is the file's name, for messages; "images.yaml" without it.
	File string
	// Add makes a pin that is not there yet.
	Add bool
	// AllowImageChange lets the pin refer to another registry or repository.
	AllowImageChange bool
}

// Change is what Set did.
type Change struct {
	Name     string
	Old, New Ref  // Old is empty for a pin that was added
	Added    bool // the pin is new
	Changed  bool // the bytes differ
}

// UnknownError says that a file has no pin of that name.
type UnknownError struct {
	File  string
	Name  string
	Known []string // sorted
}

func (e *UnknownError) Error() string {
	message := fmt.Sprintf("%s has no pin %q", e.File, e.Name)
	if len(e.Known) > 0 {
		message += fmt.Sprintf(" (it has %s)", strings.Join(e.Known, ", "))
	}
	if fix := suggest.Fix(e.Name, e.Known); fix != "" {
		message += ": " + fix
	}
	return message
}

// ImageError says that a pin is of another image than the one given.
type ImageError struct {
	Name       string
	Old, Given string // registry and repository
}

func (e *ImageError) Error() string {
	return fmt.Sprintf("the pin %q is of %s, not of %s: give that image, or allow the change explicitly", e.Name, e.Old, e.Given)
}

// Set returns the file data with the pin called name set to ref. A tag is changed
// only where ref has one; a pin that is added needs one. What marks an unknown
// digest (unproven, reason) goes. Where the pin is ref already, the bytes come
// back as they are.
//
// It fails with an [UnknownError], an [ImageError], or fleet.Findings where the
// file is no valid images.yaml, or would not be one afterwards.
func Set(data []byte, name string, ref Ref, options Options) ([]byte, Change, error) {
	rules, err := schema.New()
	if err != nil {
		return nil, Change{}, fmt.Errorf("reading the rules: %w", err)
	}
	return set(rules, data, name, ref, options)
}

func set(rules *schema.Schema, data []byte, name string, ref Ref, options Options) ([]byte, Change, error) {
	if options.File == "" {
		options.File = "images.yaml"
	}
	if ref.Digest == noDigest {
		return nil, Change{}, errors.New("a digest of zeros stands for one that is not known")
	}
	pins, err := read(rules, options.File, data)
	if err != nil {
		return nil, Change{}, err
	}
	change, want, err := plan(pins, name, ref, options)
	if err != nil || !change.Changed {
		return data, change, err
	}
	edited, err := edit(data, name, want, change.Added)
	if err != nil {
		return nil, Change{}, fmt.Errorf("changing pin %q in %s: %w", name, options.File, err)
	}
	after, err := read(rules, options.File, edited)
	if err != nil {
		return nil, Change{}, fmt.Errorf("pin %q would make %s invalid: %w", name, options.File, err)
	}
	pins[name] = want
	if !maps.Equal(pins, after) {
		return nil, Change{}, fleet.Findings{{
			Position: fleet.Position{File: options.File},
			Severity: fleet.Error,
			Message:  fmt.Sprintf("pin %q is laid out in a way that cannot be edited", name),
			Fix:      "write each pin as a block, one field a line",
		}}
	}
	return edited, change, nil
}

// plan decides what the pin will be.
func plan(pins map[string]fleet.Pin, name string, ref Ref, options Options) (Change, fleet.Pin, error) {
	old, known := pins[name]
	switch {
	case !known && !options.Add:
		return Change{}, fleet.Pin{}, &UnknownError{File: options.File, Name: name, Known: slices.Sorted(maps.Keys(pins))}
	case !known && ref.Tag == "":
		return Change{}, fleet.Pin{}, fmt.Errorf("the new pin %q needs a tag: %s:<tag>@%s", name, ref.Image, ref.Digest)
	case known && old.Image != ref.Image && !options.AllowImageChange:
		return Change{}, fleet.Pin{}, &ImageError{Name: name, Old: old.Image, Given: ref.Image}
	}
	if ref.Tag == "" {
		ref.Tag = old.Tag
	}
	want := fleet.Pin{Image: ref.Image, Tag: ref.Tag, Digest: ref.Digest}
	change := Change{Name: name, New: ref, Added: !known, Changed: want != old}
	if known {
		change.Old = Ref{Image: old.Image, Tag: old.Tag, Digest: old.Digest}
	}
	return change, want, nil
}

// read parses and checks the file, and returns its pins without their places.
func read(rules *schema.Schema, file string, data []byte) (map[string]fleet.Pin, error) {
	value, findings := input.Parse(file, data)
	if len(findings) > 0 {
		return nil, findings.Sorted()
	}
	findings, err := rules.Check("#ImagePins", value)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", file, err)
	}
	if len(findings) > 0 {
		return nil, findings.Sorted()
	}
	pins := map[string]fleet.Pin{}
	if err := value.At("spec", "images").Decode(&pins); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return pins, nil
}
