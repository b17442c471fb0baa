package promote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/inventory"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// ErrNoPin is that an environment has no pin of that name.
var ErrNoPin = errors.New("has no such pin")

// ErrOtherImage is that the two pins are of different images.
var ErrOtherImage = errors.New("a promotion changes the digest only")

// ErrUnproven is that the pin to promote says itself that nobody knows its image.
var ErrUnproven = errors.New("is unproven")

// Promotion is one pin's way from one environment to another.
type Promotion struct {
	Dir      string // the fleet's root
	Name     string // the pin, as inference
	From, To string // environments
	Mlfleet  string // the program, as Find gives it
	// Verify looks at what is said about the image, with the policy's requirements.
	Verify func(ctx context.Context, image name.Digest) (*sign.Evidence, error)
}

// Result is what became of it.
type Result struct {
	Image    string // image:tag@digest
	Before   string // the target's before, in the same form
	Changed  bool   // false: the target had this image already
	Evidence *sign.Evidence
	Output   string // what mlfleet said
}

// Run promotes. A pin that is the same already is success, verified all the same;
// an image that does not verify is a *sign.UnprovenError.
func (p *Promotion) Run(ctx context.Context) (*Result, error) {
	if p.From == p.To {
		return nil, fmt.Errorf("promoting %s: from and to are both %q", p.Name, p.From)
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the fleet: %w", err)
	}
	defer root.Close()
	source, err := p.pin(root, p.From)
	if err != nil {
		return nil, err
	}
	target, err := p.pin(root, p.To)
	if err != nil {
		return nil, err
	}
	image, err := p.promotable(&source, &target)
	if err != nil {
		return nil, err
	}
	evidence, err := p.Verify(ctx, image)
	if err != nil {
		return nil, fmt.Errorf("promoting %s from %s to %s: %w", p.Name, p.From, p.To, err)
	}
	if evidence == nil || evidence.Image.DigestStr() != image.DigestStr() {
		return nil, fmt.Errorf("promoting %s from %s to %s: there is no evidence of %s", p.Name, p.From, p.To, image)
	}
	result := &Result{Image: source.Ref(), Before: target.Ref(), Evidence: evidence}
	if source.Ref() == target.Ref() && target.Proven() {
		return result, nil
	}
	if result.Output, err = Pin(ctx, p.Mlfleet, p.Dir, p.To, p.Name, source.Ref()); err != nil {
		return nil, fmt.Errorf("promoting %s: %w", p.Name, err)
	}
	// A program that says it did, and did not, is found out here and not in a cluster.
	after, err := p.pin(root, p.To)
	if err != nil {
		return nil, err
	}
	if after.Ref() != source.Ref() {
		return nil, fmt.Errorf("promoting %s: %s said it wrote the pin, and %s still has %s", p.Name, p.Mlfleet, p.To, after.Ref())
	}
	if !after.Proven() {
		return nil, fmt.Errorf("promoting %s: %s said it wrote the pin, and %s still has %s as unproven", p.Name, p.Mlfleet, p.To, after.Ref())
	}
	result.Changed = true
	return result, nil
}

// pin reads the pin in one environment.
func (p *Promotion) pin(root *os.Root, environment string) (inventory.Pin, error) {
	pins, err := inventory.ReadPins(root.FS(), environment)
	if err != nil {
		return inventory.Pin{}, fmt.Errorf("promoting %s: %w", p.Name, err)
	}
	pin, ok := pins[p.Name]
	if !ok {
		return pin, fmt.Errorf("promoting %s: %s %w: it has %s", p.Name, environment, ErrNoPin, strings.Join(slices.Sorted(maps.Keys(pins)), ", "))
	}
	return pin, nil
}

// promotable gives the image to promote, if the source's pin is one that may be.
func (p *Promotion) promotable(source, target *inventory.Pin) (name.Digest, error) {
	if !source.Proven() {
		reason := source.Reason
		if reason == "" {
			reason = "its digest is not known"
		}
		return name.Digest{}, fmt.Errorf("promoting %s: its pin in %s %w: %s; pin a proven image there first: mlfleet pin %s %s REF@DIGEST", p.Name, p.From, ErrUnproven, reason, p.From, p.Name)
	}
	if source.Image != target.Image {
		return name.Digest{}, fmt.Errorf("promoting %s: %s has %s and %s has %s: %w; mlfleet pin --change-image changes the image", p.Name, p.From, source.Image, p.To, target.Image, ErrOtherImage)
	}
	digest, err := name.NewDigest(source.Image + "@" + source.Digest)
	if err != nil {
		return digest, fmt.Errorf("promoting %s: %w", p.Name, err)
	}
	return digest, nil
}
