package inventory

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// noDigest is what a pin holds as long as nobody knows the image's digest.
const noDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// Image is one image: a repository and a digest.
type Image struct {
	Name         string   `json:"name"`             // registry and repository, as ghcr.io/mlfleet/inference
	Tag          string   `json:"tag,omitempty"`    // of the pin, for people; or what stands in place of a digest
	Digest       string   `json:"digest,omitempty"` // empty: not pinned by digest
	Pins         []string `json:"pins,omitempty"`   // ENVIRONMENT/NAME of the pins that have it
	Environments []string `json:"environments"`
	Clusters     []string `json:"clusters"`           // whose manifests run it; empty: pinned and not used
	Unproven     bool     `json:"unproven,omitempty"` // the pin says so, or the digest is zeros
	Reason       string   `json:"reason,omitempty"`   // why, as the pin says
	Evidence     Evidence `json:"evidence"`
}

// Pinned tells whether the image is named by a digest that is known.
func (i *Image) Pinned() bool { return i.Digest != "" && i.Digest != noDigest }

// Ref is the image as name@digest, or name:tag where it has none.
func (i *Image) Ref() string {
	if i.Digest == "" {
		return strings.TrimSuffix(i.Name+":"+i.Tag, ":")
	}
	return i.Name + "@" + i.Digest
}

// Signature says what became of verifying an image.
type Signature string

// Signatures.
const (
	Unchecked   Signature = "unchecked"   // there is nothing to verify, or nobody did
	Verified    Signature = "verified"    // it meets the requirements
	Refused     Signature = "refused"     // it does not
	Unreachable Signature = "unreachable" // its registry could not be asked
)

// Evidence is what verifying gave.
type Evidence struct {
	Signature Signature           `json:"signature"`
	KeyIDs    []string            `json:"keyIDs,omitempty"`
	Reasons   []sign.Reason       `json:"reasons,omitempty"` // why it is refused
	Error     string              `json:"error,omitempty"`   // why its registry could not be asked
	Scanned   time.Time           `json:"scanned,omitzero"`
	Passed    bool                `json:"passed"`             // the scan
	Findings  map[string]int      `json:"findings,omitempty"` // by severity
	Waivers   []provenance.Waiver `json:"waivers,omitempty"`
	SBOMs     []string            `json:"sboms,omitempty"` // formats
	Source    string              `json:"source,omitempty"`
	Commit    string              `json:"commit,omitempty"`
	Builder   string              `json:"builder,omitempty"`
}

// Finding is why an image may not run.
type Finding struct {
	Image   string `json:"image"`
	Where   string `json:"where"` // environments, or the file
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// Inventory is all images, sorted by name and digest, and what is wrong with them.
type Inventory struct {
	Images   []*Image  `json:"images"`
	Findings []Finding `json:"findings"`
}

// Read lists the images of the fleet in dir: those of golden/manifests, of the
// overlays that Argo CD builds, and of environments/*/images.yaml. It asks no registry. An error is that a file
// cannot be read, or is none that mlfleet wrote: a *MalformedError.
func Read(dir string) (*Inventory, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the fleet: %w", err)
	}
	defer root.Close()
	pins, err := readPins(root.FS())
	if err != nil {
		return nil, err
	}
	uses, err := readUses(root.FS())
	if err != nil {
		return nil, malformed(err)
	}
	sources, err := readSources(root.FS())
	if err != nil {
		return nil, malformed(err)
	}
	if err := readApplications(root.FS()); err != nil {
		return nil, malformed(err)
	}
	if err := comparePairs(root.FS()); err != nil {
		return nil, malformed(err)
	}
	return list(pins, append(uses, sources...)), nil
}

// list joins pins and uses, and finds what can be found without a registry.
func list(pins []Pin, uses []use) *Inventory {
	images := map[string]*Image{}
	at := func(name, tag, digest string) *Image {
		key := name + "@" + digest
		if digest == "" {
			key = name + ":" + tag
		}
		if images[key] == nil {
			images[key] = &Image{Name: name, Tag: tag, Digest: digest, Evidence: Evidence{Signature: Unchecked}}
		}
		return images[key]
	}
	inv := &Inventory{Images: []*Image{}, Findings: []Finding{}}
	pinned := map[string]bool{}
	for _, p := range pins {
		i := at(p.Image, p.Tag, p.Digest)
		i.Pins = append(i.Pins, p.Environment+"/"+p.Name)
		i.Environments = append(i.Environments, p.Environment)
		i.Unproven = i.Unproven || p.Unproven || p.Digest == noDigest
		i.Reason = cmp.Or(i.Reason, p.Reason)
		pinned[p.Environment+" "+p.Image+"@"+p.Digest] = true
	}
	for _, u := range uses {
		image, tag, digest, err := split(u.ref)
		if err != nil {
			inv.find(u.ref, u.file, err.Error(), "mend the image's name where it comes from, and run 'mlfleet generate'")
			continue
		}
		i := at(image, tag, digest)
		i.Clusters = append(i.Clusters, u.cluster)
		i.Unproven = i.Unproven || digest == noDigest
		if u.environment != "" {
			i.Environments = append(i.Environments, u.environment)
		}
		if digest != "" && !pinned[u.environment+" "+image+"@"+digest] {
			inv.find(i.Ref(), u.file, fmt.Sprintf("no pin of the environment %q has this digest", u.environment), "run 'mlfleet generate', and look at where the image comes from")
		}
	}
	for _, i := range images {
		for _, words := range []*[]string{&i.Pins, &i.Environments, &i.Clusters} {
			slices.Sort(*words)
			*words = slices.Compact(*words)
			if *words == nil {
				*words = []string{}
			}
		}
		inv.Images = append(inv.Images, i)
	}
	slices.SortFunc(inv.Images, func(a, b *Image) int { return strings.Compare(a.Ref(), b.Ref()) })
	for _, i := range inv.Images {
		inv.judge(i)
	}
	return inv.sorted()
}

// judge finds what is wrong with an image before anybody looks at its evidence.
func (inv *Inventory) judge(i *Image) {
	where := strings.Join(i.Environments, ", ")
	switch {
	case i.Digest == "":
		inv.find(i.Ref(), where, "it runs by a tag, which may be another image tomorrow", "pin it: mlfleet pin ENVIRONMENT NAME REF@DIGEST --add")
	case i.Unproven:
		inv.find(i.Ref(), where, "it is unproven: "+cmp.Or(i.Reason, "its digest is not known"), i.pinning())
	}
}

// pinning is the command that gives the image's pins a digest.
func (i *Image) pinning() string {
	if len(i.Pins) == 0 {
		return "pin it: mlfleet pin ENVIRONMENT NAME REF@DIGEST --add"
	}
	environment, pin, _ := strings.Cut(i.Pins[0], "/")
	return fmt.Sprintf("build or scan it, and pin it: mlfleet pin %s %s %s:%s@sha256:…", environment, pin, i.Name, i.Tag)
}

func (inv *Inventory) find(image, where, message, fix string) {
	f := Finding{image, where, message, fix}
	if !slices.Contains(inv.Findings, f) {
		inv.Findings = append(inv.Findings, f)
	}
}

func (inv *Inventory) sorted() *Inventory {
	slices.SortFunc(inv.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Image, b.Image), strings.Compare(a.Where, b.Where), strings.Compare(a.Message, b.Message))
	})
	return inv
}

// split takes an image's reference apart.
func split(ref string) (image, tag, digest string, err error) {
	if _, err := name.ParseReference(ref); err != nil {
		return "", "", "", fmt.Errorf("%.100q is no image reference", ref)
	}
	image, digest, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image, tag = image[:i], image[i+1:]
	}
	if digest == "" {
		tag = cmp.Or(tag, "latest")
	}
	return image, tag, digest, nil
}
