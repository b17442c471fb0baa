package image_test

import (
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/provenance"
)

// The materials must do as dependencies of a provenance, which is strict, and
// nothing that decides what comes out may be missing among them.
func TestMaterialsAreEverythingThatWentIn(t *testing.T) {
	r := build(t, image.Build{Root: checkout(t), Cache: downloads})
	p := provenance.Build{
		Definition: provenance.Definition{
			BuildType:  provenance.BuildType,
			Parameters: provenance.Parameters{Source: r.Metadata.Source, Revision: r.Metadata.Revision},
		},
		Run: provenance.Run{Builder: provenance.Builder{ID: "https://example.com/builder"}},
	}
	var uris strings.Builder
	for _, m := range r.Materials {
		p.Definition.Dependencies = append(p.Definition.Dependencies, provenance.Resource{URI: m.URI, Digest: m.Digest})
		uris.WriteString(m.URI + "\n")
	}
	if _, err := p.Encode(); err != nil {
		t.Error(err)
	}
	t.Logf("%s", &uris)
	for _, want := range []string{
		"git+" + image.Repository + "@" + r.Metadata.Revision + "\n",
		"/inference/go.mod\n", "/inference/go.sum\n", "/inference/models/sentiment/1/SHA256SUMS\n",
		"pkg:npm/onnxruntime-node@", "pkg:generic/go@1.", "pkg:generic/gcc@", "target=x86_64-linux-gnu\n", "target=aarch64-linux-gnu\n",
		"pkg:deb/debian/libc6@", "?arch=amd64&", "?arch=arm64&",
	} {
		if !strings.Contains(uris.String(), want) {
			t.Errorf("no material has %q", want)
		}
	}
}
