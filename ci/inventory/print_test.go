package inventory_test

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/inventory"
	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

func table(t *testing.T, inv *inventory.Inventory) string {
	t.Helper()
	var b bytes.Buffer
	if err := inv.Text(&b, now); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Nothing is called proven that nobody looked at, or about which the verifier said
// nothing.
func TestProvenNeedsEvidence(t *testing.T) {
	inv, err := inventory.Read(synced(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := table(t, inv); !strings.HasSuffix(got, "\n1 image, 1 not verified\n") {
		t.Errorf("nobody looked:\n%s", got)
	}
	err = inv.Verify(t.Context(), func(context.Context, name.Digest) (*sign.Evidence, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(inv.Findings) != 1 || inv.Images[0].Evidence.Signature == inventory.Verified {
		t.Errorf("%+v %+v", inv.Findings, inv.Images[0])
	}
	if inv, err = inventory.Read(synced(t)); err != nil {
		t.Fatal(err)
	}
	if err := inv.Verify(t.Context(), evidence); err != nil {
		t.Fatal(err)
	}
	if got := table(t, inv); !strings.HasSuffix(got, "\n1 image, all proven\n") {
		t.Errorf("%s", got)
	}
}

// The table stays within 100 columns, also for an image with much to say.
func TestTextWidth(t *testing.T) {
	inv := &inventory.Inventory{Images: []*inventory.Image{{
		Name: "nvcr.io/nvidia/tritonserver", Tag: "25.10-py3", Digest: digestA, Environments: []string{"production", "staging"}, Clusters: make([]string, 120),
		Evidence: inventory.Evidence{
			Signature: inventory.Refused, Scanned: now.Add(-40 * time.Hour), SBOMs: []string{"CycloneDX", "SPDX"}, Commit: strings.Repeat("1a", 20),
			Findings: map[string]int{"CRITICAL": 2, "HIGH": 13, "MEDIUM": 104, "LOW": 88}, Waivers: make([]provenance.Waiver, 12),
		},
	}}, Findings: []inventory.Finding{{
		Image: "nvcr.io/nvidia/tritonserver@" + digestA, Where: "production, staging", Message: strings.Repeat("it is a long story. ", 20),
		Fix: "build or scan it, and pin it: mlfleet pin production triton-dicom nvcr.io/nvidia/tritonserver:25.10-py3@sha256:…",
	}}}
	got := table(t, inv)
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{"2 CRITICAL, 205 more", "failed, 40h ago", "aaaaaaaaaaaa  production,staging  refused", "25.10-py3 on 120 clusters (commit 1a1a1a1a1a1a; SBOM CycloneDX,SPDX)", "\n       mlfleet pin production triton-dicom nvcr.io"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// Whatever a plain search finds in the repository's generated manifests is on the
// list, and nothing else is.
func TestOwnFleetIsComplete(t *testing.T) {
	line := regexp.MustCompile(`(?m)^[ -]*"?(?:image|reference)"?: *"?([^\s"]+)`)
	want := map[string]bool{}
	err := filepath.WalkDir("../../golden/manifests", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		for _, found := range line.FindAllSubmatch(data, -1) {
			want[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range inv.Images {
		if len(i.Clusters) > 0 {
			got = append(got, i.Ref())
		}
	}
	if !slices.Equal(got, slices.Sorted(maps.Keys(want))) || len(got) == 0 {
		t.Errorf("the list has %v, a search finds %v", got, slices.Sorted(maps.Keys(want)))
	}
}
