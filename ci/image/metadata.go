package image

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Repository is where the source of the image is published.
const Repository = "https://github.com/mlfleet/mlfleet"

// Metadata says what an image is and what it was built from.
type Metadata struct {
	Title       string
	Description string
	Source      string // URL of the repository
	Licenses    string // SPDX expression
	Revision    string // commit, 40 or 64 hex digits: the last that touched Inputs
	Version     string // the same as Tag
	Created     time.Time
	Dirty       bool     // files that go into the image differ from the commit
	Changed     []string // which; relative to the root
}

// Inputs are Git's path specifications of what goes into the image: the server
// with its modules, the model, the pins of what is fetched, and the recipe
// itself. It says what does not go in rather than what does, so that a new
// package is never forgotten.
var Inputs = []string{
	"inference", "ci/debian.lock", "ci/debian", "ci/image", "ci/layer", "ci/onnxruntime", "ci/go.mod", "LICENSE",
	":(exclude,glob)**/*_test.go", ":(exclude,glob)**/*.md", ":(exclude,glob)**/testdata/**", ":(exclude,glob)**/.gitignore",
	":(exclude)inference/Makefile", ":(exclude,glob)inference/tools/*.sh", ":(exclude)inference/foreign",
	":(exclude)inference/cmd/bench", ":(exclude)inference/cmd/load", ":(exclude)inference/cmd/train",
	":(exclude)inference/load", ":(exclude)inference/sentiment",
}

// Tag is the tag for people, main-<first 12 digits of the revision>, and
// main-<…>-dirty where that commit is not what was built.
func (m Metadata) Tag() string {
	tag := "main-" + m.Revision[:min(12, len(m.Revision))]
	if m.Dirty {
		tag += "-dirty"
	}
	return tag
}

var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// ReadMetadata asks Git about the repository at root. It fails where Git cannot
// know the answer: outside of a repository, and in a shallow clone, where the
// last commit that touched a file may be missing.
func ReadMetadata(ctx context.Context, root string) (Metadata, error) {
	m, err := readMetadata(ctx, repository(root))
	if err != nil {
		return Metadata{}, fmt.Errorf("find the commit that the image is built from: %w", err)
	}
	return m, nil
}

func readMetadata(ctx context.Context, git repository) (Metadata, error) {
	shallow, err := git.run(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return Metadata{}, err
	}
	if strings.TrimSpace(shallow) == "true" {
		return Metadata{}, fmt.Errorf("%s is a shallow clone, in which the last commit that touched a file may be missing; run git fetch --unshallow, or check out with the whole history (fetch-depth: 0)", git)
	}
	last, err := git.run(ctx, append([]string{"log", "-1", "--format=%H %ct", "--"}, Inputs...)...)
	if err != nil {
		return Metadata{}, err
	}
	revision, seconds, _ := strings.Cut(strings.TrimSpace(last), " ")
	created, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || !commit.MatchString(revision) {
		return Metadata{}, fmt.Errorf("no commit in %s touches what goes into the image; is it a checkout of mlfleet?", git)
	}
	changed, err := git.changed(ctx, Inputs)
	if err != nil {
		return Metadata{}, err
	}
	m := Metadata{
		Title: "mlfleet inference server", Description: "Serves ONNX models over the Open Inference Protocol, version 2",
		Source: Repository, Licenses: "Apache-2.0",
		Revision: revision, Created: time.Unix(created, 0).UTC(), Dirty: len(changed) > 0, Changed: changed,
	}
	m.Version = m.Tag()
	return m, nil
}
