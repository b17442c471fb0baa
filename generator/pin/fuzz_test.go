package pin

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mlfleet/mlfleet/generator/schema"
)

// FuzzSet edits whatever is a valid file: the edit is sound, or refused.
func FuzzSet(f *testing.F) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		f.Fatal(stories, err)
	}
	hex := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	for _, story := range stories {
		archive, err := txtar.ParseFile(story)
		if err != nil {
			f.Fatal(err)
		}
		before := strings.NewReplacer(`\r`, "\r", "\\c\n", "", "AAAA", hex("a"), "ZEROS", hex("0")).Replace(string(archive.Files[0].Data))
		f.Add(before, "inference", "v2", true)
		f.Add(before, "triton", "2", false)
	}
	rules, err := schema.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, name, tag string, add bool) {
		ref := Ref{Image: "ghcr.io/mlfleet/inference", Tag: tag, Digest: hex("b")}
		options := Options{Add: add, AllowImageChange: true}
		after, change, err := set(rules, []byte(before), name, ref, options)
		if err != nil {
			return
		}
		if change.Changed != (before != string(after)) {
			t.Errorf("Changed is %v", change.Changed)
		}
		if _, again, err := set(rules, after, name, ref, options); err != nil || again.Changed {
			t.Errorf("a second time: %+v, %v\n%s", again, err, after)
		}
	})
}
