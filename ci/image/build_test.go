package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/image"
)

// Two checkouts in two folders, with two caches and two environments, are as far
// apart as two machines with the same compilers.
func TestTwoCheckoutsOfOneCommitGiveOneDigest(t *testing.T) {
	one := checkout(t)
	two := clone(t, one)
	first := build(t, image.Build{Root: one, Cache: cache(t)})
	for name, value := range map[string]string{
		"TMPDIR": t.TempDir(), "HOME": os.Getenv("HOME"), "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "1",
		"CGO_CFLAGS": "-O0 -g3", "CGO_LDFLAGS": "-Wl,-z,now", "GOFLAGS": "-tags=other", "GOAMD64": "v3", "CC": "false", "GIT_DIR": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	second := build(t, image.Build{Root: two, Cache: cache(t), Architectures: []string{"arm64", "amd64"}})
	show(t, first)
	if first.Digest != second.Digest {
		show(t, second)
		t.Fatalf("the first gives %s, the second %s", first.Digest, second.Digest)
	}
	if got := len(first.Images); got != 2 {
		t.Fatalf("%d images, want one for amd64 and one for arm64", got)
	}
	for _, l := range slices.Concat(first.Layers, second.Layers) {
		// Both architectures have the same model.
		if l.Reused != (l.Name == image.LayerModel && l.Architecture == "arm64") {
			t.Errorf("layer %s for %s: reused=%t, and the cache was empty", l.Name, l.Architecture, l.Reused)
		}
	}
}

func show(t *testing.T, r *image.Result) {
	t.Helper()
	t.Logf("%s %s", r.Digest, r.Metadata.Tag())
	for _, l := range r.Layers {
		t.Logf("%-12s %-6s %9d bytes %s reused=%t", l.Name, l.Architecture, l.Size, l.Digest, l.Reused)
	}
}

func TestCommittingAPinDoesNotChangeTheDigest(t *testing.T) {
	root := checkout(t)
	b := image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}}
	before := build(t, b)
	write(t, filepath.Join(root, "environments/staging/images.yaml"), "digest: "+before.Digest.String()+"\n")
	write(t, filepath.Join(root, "golden/deployment.yaml"), "image: "+before.Digest.String()+"\n")
	write(t, filepath.Join(root, "inference/README.md"), "mended\n")
	write(t, filepath.Join(root, "inference/server/new_test.go"), "package server\n")
	pin := commit(t, root, "pin")
	after := build(t, b)
	if after.Digest != before.Digest || after.Metadata.Tag() != before.Metadata.Tag() {
		t.Errorf("%s (%s) became %s (%s) by a commit that touches nothing in it",
			before.Digest, before.Metadata.Tag(), after.Digest, after.Metadata.Tag())
	}
	if strings.HasPrefix(pin, strings.TrimPrefix(after.Metadata.Tag(), "main-")) {
		t.Errorf("the tag %s names the commit of the pin", after.Metadata.Tag())
	}

	// And one that does touch something does change it.
	write(t, filepath.Join(root, "inference/models/sentiment/1/config.json"), "{}\n")
	sums(t, root)
	touched := commit(t, root, "another model")
	changed := build(t, b)
	if changed.Digest == before.Digest || changed.Metadata.Revision != touched {
		t.Errorf("%s from %s; want another digest than before, from %s", changed.Digest, changed.Metadata.Revision, touched)
	}
}

func TestServerOnlyChangeReusesEveryOtherLayer(t *testing.T) {
	root := checkout(t)
	b := image.Build{Root: root, Cache: cache(t), Architectures: []string{"amd64"}}
	before := build(t, b)
	changeServer(t, root, "first")
	var steps []string
	b.Progress = func(step string, took time.Duration) { steps = append(steps, step) }
	after := build(t, b)
	show(t, after)
	for i, l := range after.Layers {
		server := l.Name == image.LayerServer
		if l.Reused == server || (l.Digest == before.Layers[i].Digest) == server {
			t.Errorf("layer %s: reused=%t, %s before and %s now", l.Name, l.Reused, before.Layers[i].Digest, l.Digest)
		}
	}
	want := []string{"base amd64", "onnxruntime amd64", "go build amd64", "server amd64", "model amd64"}
	if !slices.Equal(steps, want) {
		t.Errorf("progress told of %q, want %q", steps, want)
	}
	again := build(t, b)
	for _, l := range again.Layers {
		if !l.Reused {
			t.Errorf("layer %s was compressed again, and nothing has changed", l.Name)
		}
	}
	if again.Digest != after.Digest {
		t.Errorf("from the cache it is %s, and was %s", again.Digest, after.Digest)
	}
}

// What a change of the server costs beyond compiling it.
func BenchmarkRebuildAfterServerChange(b *testing.B) {
	root := checkout(b)
	var compiling time.Duration
	run := image.Build{Root: root, Cache: cache(b), Progress: func(step string, took time.Duration) {
		if strings.HasPrefix(step, image.StepCompile) {
			compiling += took
		}
	}}
	build(b, run)
	compiling = 0
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		changeServer(b, root, strings.Repeat("x", n+1))
		b.StartTimer()
		build(b, run)
	}
	beyond := b.Elapsed() - compiling
	b.ReportMetric(beyond.Seconds()/float64(b.N), "s-beyond-go-build/op")
	b.ReportMetric(compiling.Seconds()/float64(b.N), "s-go-build/op")
}

func TestDirtyTreeIsRefused(t *testing.T) {
	root := checkout(t)
	b := image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}}
	// What does not go in may be as dirty as it likes.
	write(t, filepath.Join(root, "docs/notes.md"), "not yet\n")
	clean := build(t, b)
	for file, body := range map[string]string{
		"inference/server/new.go":    "package server\n",        // untracked
		"inference/server/doc.go":    "package server // new\n", // modified
		"inference/go.sum":           "",
		"ci/debian.lock":             "",
		"inference/models/x/1/model": "",
	} {
		path := filepath.Join(root, file)
		old, err := os.ReadFile(path)
		write(t, path, body)
		_, got := b.Run(t.Context())
		var dirty *image.DirtyError
		if !errors.As(got, &dirty) || !slices.Equal(dirty.Files, []string{file}) || !strings.Contains(got.Error(), file) {
			t.Errorf("%s: %v; want a refusal that names it", file, got)
		}
		if err != nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, old, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	write(t, filepath.Join(root, "inference/server/new.go"), "package server\n")
	b.AllowDirty = true
	marked := build(t, b)
	if want := clean.Metadata.Tag() + "-dirty"; marked.Metadata.Tag() != want || marked.Digest == clean.Digest {
		t.Errorf("the dirty build is %s (%s); want it marked %s", marked.Metadata.Tag(), marked.Digest, want)
	}
	config, err := marked.Images[0].Image.ConfigFile()
	if err != nil || config.Config.Labels["dev.mlfleet.dirty"] != "true" {
		t.Errorf("labels %v (%v); want dev.mlfleet.dirty", config.Config.Labels, err)
	}
}

func TestModelThatIsNotItsSumsIsRefused(t *testing.T) {
	root := checkout(t)
	write(t, filepath.Join(root, "inference/models/sentiment/1/model.onnx"), "tampered")
	commit(t, root, "tamper")
	_, err := image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "sentiment/1: model.onnx has sha256") {
		t.Errorf("%v; want the model and the file", err)
	}
}

func TestImpossibleBuildsFailBeforeAnythingIsBuilt(t *testing.T) {
	root := checkout(t)
	for name, c := range map[string]struct {
		build image.Build
		want  string
	}{
		"GPU without CUDA":          {image.Build{GPU: true}, "no CUDA"},
		"an unknown architecture":   {image.Build{Architectures: []string{"riscv64"}}, `"riscv64"`},
		"an architecture twice":     {image.Build{Architectures: []string{"amd64", "amd64"}}, "twice"},
		"a base without a digest":   {image.Build{Base: "gcr.io/distroless/cc-debian12:nonroot"}, "has no digest"},
		"a base without a registry": {image.Build{Base: "distroless@sha256:" + strings.Repeat("0", 64)}, "names no registry"},
	} {
		t.Run(name, func(t *testing.T) {
			c.build.Root, c.build.Cache = root, t.TempDir()
			c.build.Progress = func(step string, _ time.Duration) { t.Errorf("%s was done", step) }
			if _, err := c.build.Run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q in it", err, c.want)
			}
		})
	}
}

func TestMissingCrossCompilerSaysWhatToInstall(t *testing.T) {
	root := checkout(t)
	t.Setenv("PATH", only(t, "git", "go"))
	_, err := image.Build{Root: root, Cache: downloads}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apt-get install --no-install-recommends gcc") {
		t.Errorf("%v; want the packages to install", err)
	}
}
