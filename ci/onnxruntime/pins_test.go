package onnxruntime_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/onnxruntime"
)

func TestPinsOfTheRepository(t *testing.T) {
	pins, err := onnxruntime.ReadPins(filepath.Join("../..", onnxruntime.PinsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][2]string{{onnxruntime.CPU, "amd64"}, {onnxruntime.CPU, "arm64"}, {onnxruntime.GPU, "amd64"}} {
		pin, err := pins.Find(want[0], want[1])
		if err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(pin.URI(), "pkg:npm/") || !strings.HasSuffix(pin.URI(), "@"+pin.Version) {
			t.Errorf("%s is no package URL of %s", pin.URI(), pin.Version)
		}
	}
	// A CPU image of one version and a GPU image of another would be two products.
	amd64, _ := pins.Find(onnxruntime.CPU, "amd64")
	arm64, _ := pins.Find(onnxruntime.CPU, "arm64")
	if amd64.Version != arm64.Version || amd64.SHA512 != arm64.SHA512 {
		t.Errorf("amd64 has %s, arm64 has %s", amd64.Version, arm64.Version)
	}
}

func TestArchitectureWithoutLibrary(t *testing.T) {
	pins, err := onnxruntime.ReadPins(filepath.Join("../..", onnxruntime.PinsFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = pins.Find(onnxruntime.GPU, "arm64")
	if err == nil || !strings.Contains(err.Error(), `only for ["amd64"]`) {
		t.Errorf("%v; want which there are", err)
	}
}

func TestBadPinsAreRefusedAtTheirLine(t *testing.T) {
	sha512, sha256 := strings.Repeat("a", 128), strings.Repeat("b", 64)
	good := "cpu/amd64 lib@1.0.0 " + sha512 + " package/x lib.so=" + sha256
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"# only a comment\n", "pins nothing"},
		"too few fields":          {"\n" + "cpu/amd64 lib@1.0.0\n", ":2: it has 2 fields"},
		"another variant":         {strings.Replace(good, "cpu/", "tpu/", 1), ":1: \"tpu/amd64\""},
		"no version":              {strings.Replace(good, "@1.0.0", "", 1), "PACKAGE@VERSION"},
		"a range of versions":     {strings.Replace(good, "@1.0.0", "@^1.0.0", 1), "PACKAGE@VERSION"},
		"a package that climbs":   {strings.Replace(good, "lib@", "../lib@", 1), "PACKAGE@VERSION"},
		"a short hash":            {strings.Replace(good, sha512, sha512[2:], 1), "SHA-512"},
		"a hash in capitals":      {strings.Replace(good, sha512, strings.ToUpper(sha512), 1), "SHA-512"},
		"a folder that climbs":    {strings.Replace(good, "package/x", "../x", 1), "folder"},
		"a file in a folder":      {strings.Replace(good, "lib.so=", "a/lib.so=", 1), "FILE=SHA256"},
		"a file without hash":     {strings.Replace(good, "="+sha256, "", 1), "FILE=SHA256"},
		"a hidden file":           {strings.Replace(good, "lib.so=", ".lib=", 1), "FILE=SHA256"},
		"one architecture, twice": {good + "\n" + good + "\n", ":2: cpu/amd64 is pinned twice"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pins")
			if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := onnxruntime.ReadPins(file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q in it", err, c.want)
			}
		})
	}
}
