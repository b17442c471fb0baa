package testimage_test

import (
	"bytes"
	"debug/buildinfo"
	"testing"

	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// The seeded dependency is really linked in, and the image is the same on every run: other tests compare digests.
func TestVulnerable(t *testing.T) {
	info, err := buildinfo.Read(bytes.NewReader(testimage.Binary(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(info.Deps) != 1 || info.Deps[0].Path != "golang.org/x/text" || info.Deps[0].Version != "v0.3.7" {
		t.Errorf("linked modules: %v", info.Deps)
	}
	one, err := testimage.Vulnerable(t).Digest()
	if err != nil {
		t.Fatal(err)
	}
	two, err := testimage.Vulnerable(t).Digest()
	if err != nil {
		t.Fatal(err)
	}
	if one != two {
		t.Errorf("two builds: %s and %s", one, two)
	}
}
