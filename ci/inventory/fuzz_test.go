package inventory

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzManifests gives the reader whatever somebody may commit as generated YAML: it
// lists its images or says why not, and overlooks no container that a plain search
// for Kubernetes' own layout finds.
func FuzzManifests(f *testing.F) {
	f.Add([]byte("kind: Pod\nspec:\n  containers:\n  - name: a\n    image: ghcr.io/a/b:v1\n"))
	f.Add([]byte("- {op: add, path: /spec/volumes/2, value: {name: shm}}\n"))
	f.Add([]byte("---\n# nothing\n---\nkind: List\nitems: [{spec: {containers: [{image: x}]}}]\n"))
	f.Add([]byte("a: &a [1]\nb: *a\n"))
	container := regexp.MustCompile(`(?m)^spec:\n  containers:\n  - image: ([a-z0-9./:-]+)$`)
	f.Fuzz(func(t *testing.T, data []byte) {
		uses, err := parseManifests(data)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("a refusal without a reason")
			}
			return
		}
		for _, found := range container.FindAllSubmatch(data, -1) {
			seen := false
			for _, u := range uses {
				seen = seen || strings.Contains(u.ref, string(found[1])) || strings.Contains(string(found[1]), u.ref)
			}
			if !seen && !strings.ContainsAny(string(data), "|>\"'#\r\t") {
				t.Fatalf("%q: %q is not on the list %v", data, found[1], uses)
			}
		}
	})
}

// FuzzPins gives the reader whatever somebody may commit as pins: each pin that it
// takes names an image and a digest.
func FuzzPins(f *testing.F) {
	f.Add([]byte("apiVersion: mlfleet.dev/v1alpha1\nkind: ImagePins\nmetadata: {name: staging}\nspec:\n  images:\n    a: {image: ghcr.io/a/b, tag: v1, digest: " + noDigest + "}\n"))
	f.Add([]byte("kind: ImagePins\nmetadata: {name: staging}\nspec: {images: {a: null}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pins, err := parsePins("staging", data)
		if err != nil {
			return
		}
		for name, p := range pins {
			if p.Name != name || p.Environment != "staging" || p.Image == "" || !digestForm.MatchString(p.Digest) {
				t.Fatalf("%q: %+v", data, p)
			}
		}
	})
}
