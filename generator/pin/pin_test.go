package pin_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/pin"
)

var update = flag.Bool("update", false, "write what the tests get into testdata/")

const (
	a     = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	b     = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// TestGolden runs the stories in testdata/: the comment holds the pin's name, the
// reference and options; "before" is the file; "after" what it becomes, or "error"
// what is said instead. Spaces matter, so "\r" and a missing last line end are
// written out.
func TestGolden(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) < 10 {
		t.Fatalf("stories: %v, %v", stories, err)
	}
	escapes := strings.NewReplacer(`\r`, "\r", "\\c\n", "", "AAAA", a, "BBBB", b, "ZEROS", zeros)
	unescapes := strings.NewReplacer("\r", `\r`, a, "AAAA", b, "BBBB", zeros, "ZEROS")
	for _, story := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(story)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(archive.Comment), "\n")
			words := strings.Fields(escapes.Replace(first))
			ref, err := pin.ParseRef(words[1])
			if err != nil {
				t.Fatal(err)
			}
			var options pin.Options
			for _, word := range words[2:] {
				options.Add = options.Add || word == "add"
				options.AllowImageChange = options.AllowImageChange || word == "change-image"
			}
			before := escapes.Replace(string(archive.Files[0].Data))
			after, change, err := pin.Set([]byte(before), words[0], ref, options)
			name, got := "after", string(after)
			if err != nil {
				name, got = "error", err.Error()+"\n"
			} else {
				sound(t, before, got, words[0], ref, options, change)
			}
			if got = unescapes.Replace(got); !strings.HasSuffix(got, "\n") {
				got += "\\c\n"
			}
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: name, Data: []byte(got)})
				if err := os.WriteFile(story, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(archive.Files) != 2 || archive.Files[1].Name != name || string(archive.Files[1].Data) != got {
				t.Errorf("%s:\n%s", name, got)
			}
		})
	}
}

// sound checks what must hold of every edit: it says whether it changed anything,
// doing it again changes nothing, and the lines that do not differ are in order.
func sound(t *testing.T, before, after, name string, ref pin.Ref, options pin.Options, change pin.Change) {
	t.Helper()
	if change.Changed != (before != after) {
		t.Errorf("Changed is %v", change.Changed)
	}
	again, change, err := pin.Set([]byte(after), name, ref, options)
	if err != nil || change.Changed || string(again) != after {
		t.Errorf("a second time: %+v, %v\n%s", change, err, again)
	}
	// A pin has a handful of lines, and no others are touched.
	old, new := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	for len(old) > 0 && len(new) > 0 && old[0] == new[0] {
		old, new = old[1:], new[1:]
	}
	for len(old) > 0 && len(new) > 0 && old[len(old)-1] == new[len(new)-1] {
		old, new = old[:len(old)-1], new[:len(new)-1]
	}
	if len(old) > 10 || len(new) > 10 {
		t.Errorf("%d lines became %d", len(old), len(new))
	}
}

func TestParseRef(t *testing.T) {
	for ref, want := range map[string]pin.Ref{
		"ghcr.io/mlfleet/inference@" + a:        {Image: "ghcr.io/mlfleet/inference", Digest: a},
		"ghcr.io/mlfleet/inference:v1@" + a:     {Image: "ghcr.io/mlfleet/inference", Tag: "v1", Digest: a},
		"localhost:5000/inference@" + a:         {Image: "localhost:5000/inference", Digest: a},
		"localhost:5000/inference:1.0@" + a:     {Image: "localhost:5000/inference", Tag: "1.0", Digest: a},
		"docker.io/library/busybox:latest@" + a: {Image: "docker.io/library/busybox", Tag: "latest", Digest: a},
	} {
		got, err := pin.ParseRef(ref)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", ref, got, err)
		}
		if got.String() != ref {
			t.Errorf("%s prints as %s", ref, got)
		}
	}
	for _, ref := range []string{
		"", "ghcr.io/mlfleet/inference", "ghcr.io/mlfleet/inference:v1", "ghcr.io/mlfleet/inference@sha256:abc",
		"ghcr.io/mlfleet/inference@sha512:" + strings.Repeat("a", 128), "ghcr.io/mlfleet/inference@" + strings.ToUpper(a),
		"ghcr.io/mlfleet/inference@" + a + "@" + a, "busybox@" + a, "ghcr.io/UPPER/x@" + a, "@" + a,
		"ghcr.io/mlfleet/inference@" + zeros, "ghcr.io/mlfleet/inference: x@" + a, "ghcr.io/x\ny@" + a,
	} {
		if got, err := pin.ParseRef(ref); err == nil {
			t.Errorf("%q is read as %+v", ref, got)
		}
	}
}

// Every tag reads back as the string it is, whatever it looks like.
func TestTagsStayStrings(t *testing.T) {
	before := "apiVersion: mlfleet.dev/v1alpha1\nkind: ImagePins\nmetadata:\n  name: staging\nspec:\n  images:\n" +
		"    inference:\n      image: ghcr.io/mlfleet/inference\n      tag: v1\n      digest: " + a + "\n"
	for tag, quoted := range map[string]bool{
		"v2": false, "25.10-py3": false, "latest": false, "1.2.3": false, "7": true, "1.5": true, "1e3": true, "0x1f": true,
		"0777": true, "2026-01-31": true, "true": true, "null": true, "no": true, "On": true, "1_000": true,
	} {
		after, _, err := pin.Set([]byte(before), "inference", pin.Ref{Image: "ghcr.io/mlfleet/inference", Tag: tag, Digest: a}, pin.Options{})
		if err != nil {
			t.Errorf("%s: %v", tag, err)
			continue
		}
		want := "tag: " + tag + "\n"
		if quoted {
			want = "tag: \"" + tag + "\"\n"
		}
		if got := strings.Replace(before, "tag: v1\n", want, 1); string(after) != got {
			t.Errorf("%s:\n%s", tag, after)
		}
	}
}

func TestErrors(t *testing.T) {
	file, err := os.ReadFile("../../environments/staging/images.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ref := pin.Ref{Image: "ghcr.io/mlfleet/inference", Digest: a}
	_, _, err = pin.Set(file, "inferense", ref, pin.Options{File: "environments/staging/images.yaml"})
	if unknown, ok := errors.AsType[*pin.UnknownError](err); !ok || len(unknown.Known) != 3 || !strings.Contains(err.Error(), "inference, triton, triton-dicom") {
		t.Errorf("an unknown pin: %v", err)
	}
	_, _, err = pin.Set(file, "triton", ref, pin.Options{})
	if image, ok := errors.AsType[*pin.ImageError](err); !ok || image.Old != "nvcr.io/nvidia/tritonserver" || image.Given != ref.Image {
		t.Errorf("another image: %v", err)
	}
	if _, _, err = pin.Set(file, "inference", pin.Ref{Image: ref.Image, Digest: zeros}, pin.Options{}); err == nil {
		t.Error("a digest of zeros is accepted")
	}
	_, _, err = pin.Set([]byte("kind: ImagePins\n"), "inference", ref, pin.Options{File: "here.yaml"})
	if findings, ok := errors.AsType[fleet.Findings](err); !ok || findings[0].File != "here.yaml" {
		t.Errorf("an invalid file: %v", err)
	}
	_, _, err = pin.Set(file, "Not-A-Label", pin.Ref{Image: ref.Image, Tag: "v1", Digest: a}, pin.Options{Add: true})
	if _, ok := errors.AsType[fleet.Findings](err); !ok {
		t.Errorf("a new pin of a bad name: %v", err)
	}
}
