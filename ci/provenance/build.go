package provenance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	// BuildPredicate is the type of a Build as a predicate (SLSA v1.0, "Provenance").
	BuildPredicate = "https://slsa.dev/provenance/v1"
	// BuildType says how to read a Build's parameters. It changes when they do.
	BuildType = "https://mlfleet.dev/ci/image/v1"
)

// Build says what an image was built from, by whom and when: SLSA's provenance
// predicate v1, with the parameters of BuildType.
type Build struct {
	Definition Definition `json:"buildDefinition"`
	Run        Run        `json:"runDetails"`
}

// Definition is everything that decides what comes out of the build.
type Definition struct {
	BuildType string `json:"buildType"` // BuildType
	// Parameters are what whoever asked for the build chose.
	Parameters Parameters `json:"externalParameters"`
	// Dependencies are what went in: the commit, the base image, Debian packages,
	// the runtime library, the model, the Go modules' go.sum; each with a digest.
	Dependencies []Resource `json:"resolvedDependencies,omitempty"`
}

// Parameters are what whoever asked for the build chose.
type Parameters struct {
	Source    string   `json:"source"`             // repository, as https://github.com/mlfleet/mlfleet
	Revision  string   `json:"revision"`           // commit, 40 or 64 hex digits
	Modified  bool     `json:"modified,omitempty"` // the working tree differed from the commit
	Version   string   `json:"version,omitempty"`  // the image's tag, as main-1a2b3c4
	Base      string   `json:"base,omitempty"`     // image by digest, or "debian"
	Platforms []string `json:"platforms,omitempty"`
}

// Resource is one thing that went into a build or came out of it, as SLSA's
// ResourceDescriptor.
type Resource struct {
	URI    string            `json:"uri,omitempty"`    // pkg:deb/debian/libc6@2.36-9?arch=amd64, git+https://…
	Name   string            `json:"name,omitempty"`   // for people
	Digest map[string]string `json:"digest,omitempty"` // algorithm (sha256, gitCommit) → hex digits
}

// Run says who built it and when.
type Run struct {
	Builder  Builder     `json:"builder"`
	Metadata RunMetadata `json:"metadata"`
	// Byproducts came out too and are no part of the image.
	Byproducts []Resource `json:"byproducts,omitempty"`
}

// Builder is who ran the build, and is trusted to have said the truth.
type Builder struct {
	ID      string            `json:"id"` // URI, as https://github.com/mlfleet/mlfleet/.github/workflows/image.yml@refs/heads/main
	Version map[string]string `json:"version,omitempty"`
}

// RunMetadata tells runs of one definition apart. Unlike the image, it differs
// between two builds of a commit.
type RunMetadata struct {
	InvocationID string     `json:"invocationId,omitempty"`
	Started      *time.Time `json:"startedOn,omitempty"`
	Finished     *time.Time `json:"finishedOn,omitempty"`
}

// Encode gives a Build as JSON, if it is sound.
func (b *Build) Encode() ([]byte, error) {
	return encode("the provenance", b)
}

// DecodeBuild reads what Encode gave, from whomever: it is strict.
func DecodeBuild(data []byte) (*Build, error) {
	return decode[Build]("the provenance", data)
}

// commit is a Git object name, of SHA-1 or SHA-256 repositories.
var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// Validate says what is missing or contradictory.
func (b *Build) Validate() error {
	p := b.Definition.Parameters
	switch {
	case b.Definition.BuildType != BuildType:
		return fmt.Errorf("buildType is %q: only %q is known here", b.Definition.BuildType, BuildType)
	case p.Source == "":
		return errors.New("externalParameters.source is empty: it is the repository that was built")
	case !commit.MatchString(p.Revision):
		return fmt.Errorf("externalParameters.revision is %q: a commit is 40 or 64 hex digits", p.Revision)
	case b.Run.Builder.ID == "":
		return errors.New("runDetails.builder.id is empty: it is who built the image")
	}
	for _, list := range [][]Resource{b.Definition.Dependencies, b.Run.Byproducts} {
		for _, r := range list {
			if err := r.validate(); err != nil {
				return err
			}
		}
	}
	for _, r := range b.Definition.Dependencies {
		if got, ok := r.Digest["gitCommit"]; ok && sameRepository(r.URI, p.Source) && got != p.Revision {
			return fmt.Errorf("resolvedDependencies has %s at %s, and externalParameters.revision is %s", r.URI, got, p.Revision)
		}
	}
	m := b.Run.Metadata
	if m.Started != nil && m.Finished != nil && m.Finished.Before(*m.Started) {
		return fmt.Errorf("the build finished (%s) before it started (%s)", m.Finished.UTC().Format(time.RFC3339), m.Started.UTC().Format(time.RFC3339))
	}
	return nil
}

// sameRepository tells whether a dependency's URI (git+https://host/path@ref) is
// the repository at source.
func sameRepository(uri, source string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(uri, "git+"), strings.TrimSuffix(source, ".git"))
	return ok && (rest == "" || rest[0] == '@' || rest == ".git" || strings.HasPrefix(rest, ".git@"))
}

// digestSizes are the hex digits of the algorithms that a Resource may name.
var digestSizes = map[string]int{"sha256": 64, "sha512": 128, "gitCommit": 0}

var hexDigits = regexp.MustCompile(`^[0-9a-f]+$`)

func (r *Resource) validate() error {
	name := r.URI
	if name == "" {
		name = r.Name
	}
	if name == "" {
		return errors.New("a resource has neither uri nor name")
	}
	if len(r.Digest) == 0 {
		return fmt.Errorf("%s has no digest: what went into an image is named by content", name)
	}
	for algorithm, value := range r.Digest {
		size, known := digestSizes[algorithm]
		switch {
		case !known:
			return fmt.Errorf("%s: digest algorithm %q is none of sha256, sha512, gitCommit", name, algorithm)
		case algorithm == "gitCommit" && !commit.MatchString(value), size > 0 && (len(value) != size || !hexDigits.MatchString(value)):
			return fmt.Errorf("%s: %q is no %s digest", name, value, algorithm)
		}
	}
	return nil
}
