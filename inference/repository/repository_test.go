package repository_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/repository"
	"github.com/mlfleet/mlfleet/inference/sums"
)

// entry finds a version in the index.
func entry(r *repository.Repository, model, version string) (repository.Entry, bool) {
	index := r.Index(false)
	i := slices.IndexFunc(index, func(e repository.Entry) bool { return e.Name == model && e.Version == version })
	if i < 0 {
		return repository.Entry{}, false
	}
	return index[i], true
}

func TestARefusedVersionLeavesTheOldOneServing(t *testing.T) {
	good := scaleModel(2)
	withSums := func(t *testing.T, dir string) {
		if _, err := sums.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name, config string
		model        []byte
		after        func(t *testing.T, dir string)
		file, reason string
	}{
		{name: "an empty model", model: []byte{}, file: "model.onnx"},
		{name: "a model that is noise", model: []byte("this is not a model at all"), file: "model.onnx"},
		{name: "half a model", model: good[:len(good)/2], file: "model.onnx"},
		{
			name: "a model that is not what its sum says", model: good, file: "model.onnx", reason: "sha256 mismatch",
			after: func(t *testing.T, dir string) {
				withSums(t, dir)
				write(t, scaleModel(666), dir, "model.onnx")
			},
		},
		{
			name: "a file that no sum vouches for", model: good, file: "config.json", reason: "is not in SHA256SUMS",
			after: func(t *testing.T, dir string) {
				withSums(t, dir)
				write(t, []byte(`{}`), dir, "config.json")
			},
		},
		{
			name: "a listed file that is missing", model: good, config: `{}`, file: "config.json", reason: "is missing",
			after: func(t *testing.T, dir string) {
				withSums(t, dir)
				os.Remove(filepath.Join(dir, "config.json"))
			},
		},
		{
			name: "sums that are nonsense", model: good, file: "SHA256SUMS", reason: "64 hex digits",
			after: func(t *testing.T, dir string) { write(t, []byte("nonsense\n"), dir, "SHA256SUMS") },
		},
		{name: "a configuration that is no JSON", model: good, config: "batch: 8", file: "config.json", reason: "invalid character"},
		{name: "a configuration cut off", model: good, config: `{"accuracy": 0.`, file: "config.json"},
		{name: "a misspelt field", model: good, config: `{"maxBatchsizes": 8}`, file: "config.json", reason: `unknown field "maxBatchsizes"`},
		{name: "an accuracy of 120 %", model: good, config: `{"accuracy": 1.2}`, file: "config.json", reason: "accuracy is 1.2"},
		{name: "another model's configuration", model: good, config: `{"name": "other"}`, file: "config.json", reason: `model "other"`},
		{name: "padding of an input that is not there", model: good, config: `{"pad": {"z": {"max": 8}}}`, reason: `input "z"`},
		{
			name: "a text model that takes no ids", model: good, file: "config.json", reason: "must be INT64",
			config: `{"text": {"input": "x", "output": "y", "labels": ["a"], "features": {"kind": "hashed-ngrams/v1", "buckets": 8, "orders": 1, "maxIds": 8}}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, scaleModel(1), root, "m", "1", "model.onnx")
			r := open(t, root, nil)
			if err := r.LoadAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(root, "m", "2")
			write(t, tc.model, dir, "model.onnx")
			if tc.config != "" {
				write(t, []byte(tc.config), dir, "config.json")
			}
			if tc.after != nil {
				tc.after(t, dir)
			}
			err := r.Load(t.Context(), "m", repository.Latest(1))
			for _, want := range []string{"model m: version 2 is refused", tc.file, tc.reason} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("got %v, want %q in it", err, want)
				}
			}
			if answer, from := ask(t, r, "m", ""); answer != 3 || from != "1" {
				t.Errorf("version %s answers %v", from, answer)
			}
			if e, ok := entry(r, "m", "2"); !ok || e.State != repository.Unavailable || !strings.Contains(e.Reason, tc.reason) {
				t.Errorf("the index says %+v", e)
			}
			if _, err := r.Acquire("m", "2"); !errors.Is(err, repository.ErrNoVersion) {
				t.Errorf("version 2 can be had: %v", err)
			}
		})
	}
}

func TestARefusedReplacementIsSeenInTheIndex(t *testing.T) {
	root := t.TempDir()
	write(t, scaleModel(1), root, "m", "1", "model.onnx")
	r := open(t, root, nil)
	if err := r.LoadAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, []byte("noise"), root, "m", "1", "model.onnx")
	if err := r.Load(t.Context(), "m", repository.All()); err == nil {
		t.Fatal("noise was loaded")
	}
	if e, _ := entry(r, "m", "1"); e.State != repository.Ready || !strings.Contains(e.Reason, "model.onnx") {
		t.Errorf("the index says %+v", e)
	}
	if answer, _ := ask(t, r, "m", "1"); answer != 3 {
		t.Errorf("the old copy answers %v", answer)
	}
	write(t, scaleModel(5), root, "m", "1", "model.onnx")
	if err := r.Load(t.Context(), "m", repository.All()); err != nil {
		t.Fatal(err)
	}
	if e, _ := entry(r, "m", "1"); e.Reason != "" {
		t.Errorf("after a good load the index says %+v", e)
	}
	if answer, _ := ask(t, r, "m", "1"); answer != 15 {
		t.Errorf("the new copy answers %v", answer)
	}
}

func TestTheFolderChangesUnderneath(t *testing.T) {
	root := t.TempDir()
	write(t, scaleModel(1), root, "m", "1", "model.onnx")
	r := open(t, root, nil)
	if err := r.LoadAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	step := func(what string, policy repository.Policy, wantErr error, want ...string) {
		t.Helper()
		if err := r.Load(t.Context(), "m", policy); !errors.Is(err, wantErr) {
			t.Errorf("%s: error %v, want %v", what, err, wantErr)
		}
		if got := r.Versions("m"); !slices.Equal(got, want) {
			t.Errorf("%s: serves %v, want %v", what, got, want)
		}
		ask(t, r, "m", want[len(want)-1])
	}
	write(t, scaleModel(2), root, "m", "2", "model.onnx")
	if got := r.Versions("m"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("a version is served that nobody loaded: %v", got)
	}
	if e, _ := entry(r, "m", "2"); e.State != repository.Unavailable || e.Reason != "unloaded" {
		t.Errorf("the index says %+v of a version that has just appeared", e)
	}
	step("a version appears", repository.Latest(1), nil, "2")
	step("both are wanted", repository.All(), nil, "1", "2")

	one, err := r.Acquire("m", "1")
	if err != nil {
		t.Fatal(err)
	}
	step("nothing has changed", repository.All(), nil, "1", "2")
	again, err := r.Acquire("m", "1")
	if err != nil {
		t.Fatal(err)
	}
	if again != one {
		t.Error("a version whose files did not change was loaded again")
	}
	again.Release()
	one.Release()

	os.RemoveAll(filepath.Join(root, "m", "2"))
	if answer, from := ask(t, r, "m", ""); answer != 6 || from != "2" {
		t.Errorf("with its files gone, version %s answers %v", from, answer)
	}
	step("a version that is gone is wanted by name", repository.Named("2"), repository.ErrNoVersion, "1", "2")
	step("it has disappeared", repository.Latest(1), nil, "1")

	write(t, []byte("weights"), root, "m", "1", "model.onnx.data")
	step("a file beside the model appears", repository.All(), nil, "1")
	after, err := r.Acquire("m", "1")
	if err != nil {
		t.Fatal(err)
	}
	if after == one {
		t.Error("a change in a file beside the model went unseen")
	}
	after.Release()

	os.RemoveAll(filepath.Join(root, "m", "1"))
	step("no version is left", repository.All(), repository.ErrNoVersion, "1")
	os.RemoveAll(root)
	step("the whole repository is gone", repository.All(), repository.ErrNoModel, "1")
	if index := r.Index(false); len(index) != 1 || index[0].State != repository.Ready {
		t.Errorf("the index of a repository that is gone: %+v", index)
	}
}

func TestEveryBucketIsRunBeforeAVersionIsReady(t *testing.T) {
	for rows := 1; rows <= 8; rows++ {
		root := t.TempDir()
		write(t, poisonedModel(rows), root, "m", "1", "model.onnx")
		r := open(t, root, nil)
		want := fmt.Sprintf("warm up with %d rows", rows)
		if err := r.LoadAll(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a model that fails with %d rows: %v, want %q", rows, err, want)
		}
		if _, err := r.Acquire("m", ""); !errors.Is(err, repository.ErrNoModel) {
			t.Errorf("it is served: %v", err)
		}
	}
	root := t.TempDir()
	write(t, poisonedModel(0), root, "m", "1", "model.onnx")
	if err := open(t, root, nil).LoadAll(t.Context()); err != nil {
		t.Errorf("a model that fails with no number of rows: %v", err)
	}
}

func TestFolderNamesThatAreNoVersions(t *testing.T) {
	root := t.TempDir()
	write(t, scaleModel(1), root, "m", "one", "model.onnx") // a word is a version
	for _, name := range []string{"not a version", ".staging-3", "ünï", strings.Repeat("9", 65)} {
		write(t, scaleModel(2), root, "m", name, "model.onnx")
	}
	write(t, scaleModel(1), root, "m", "README.md")
	r := open(t, root, func(o *repository.Options) { o.Policy = repository.All() })
	if err := r.LoadAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.Versions("m"); !slices.Equal(got, []string{"one"}) {
		t.Errorf("serves %v", got)
	}
	for _, name := range []string{"not a version", "ünï", strings.Repeat("9", 65)} {
		if e, ok := entry(r, "m", name); !ok || !strings.Contains(e.Reason, "not a version") {
			t.Errorf("the index says %+v of %q", e, name)
		}
	}
	if e, ok := entry(r, "m", ".staging-3"); ok {
		t.Errorf("the index lists a hidden folder: %+v", e)
	}
	if b, err := json.Marshal(r.Index(true)); err != nil || string(b) != `[{"name":"m","version":"one","state":"READY"}]` {
		t.Errorf("the index of what is ready is %s, %v", b, err)
	}
}

func TestLoadAllNeedsModels(t *testing.T) {
	for name, want := range map[string]string{
		t.TempDir():                        "has no models",
		filepath.Join(t.TempDir(), "none"): "read the model repository",
	} {
		if err := open(t, name, nil).LoadAll(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	r := open(t, t.TempDir(), func(o *repository.Options) { o.Models = []string{"m"} })
	if err := r.LoadAll(t.Context()); !errors.Is(err, repository.ErrNoModel) {
		t.Errorf("a model that is not there: %v", err)
	}
	if err := r.Load(t.Context(), "../m", repository.All()); !errors.Is(err, repository.ErrNoModel) {
		t.Errorf("a model outside the repository: %v", err)
	}
}

func TestSumsCanBeRequired(t *testing.T) {
	root := t.TempDir()
	write(t, scaleModel(1), root, "m", "1", "model.onnx")
	r := open(t, root, func(o *repository.Options) { o.RequireSums = true })
	if err := r.LoadAll(t.Context()); err == nil || !strings.Contains(err.Error(), "SHA256SUMS") {
		t.Errorf("without sums: %v", err)
	}
	sha, err := sums.Write(filepath.Join(root, "m", "1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.LoadAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := r.Acquire("m", "")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Release()
	if v.SHA256 != sha {
		t.Errorf("the version's sha256 is %s, want %s", v.SHA256, sha)
	}
}

func TestUnloadAndCloseWaitForUsers(t *testing.T) {
	for name, end := range map[string]func(r *repository.Repository) error{
		"unload": func(r *repository.Repository) error { return r.Unload("m") },
		"close":  func(r *repository.Repository) error { r.Close(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, scaleModel(1), root, "m", "1", "model.onnx")
			r := open(t, root, nil)
			if err := r.LoadAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			v, err := r.Acquire("m", "")
			if err != nil {
				t.Fatal(err)
			}
			var ended atomic.Bool
			done := make(chan error, 1)
			go func() {
				err := end(r)
				ended.Store(true)
				done <- err
			}()
			for {
				another, err := r.Acquire("m", "")
				if err != nil {
					break
				}
				another.Release()
				time.Sleep(time.Millisecond)
			}
			if name == "close" && ended.Load() {
				t.Error("closed while a version is in use")
			}
			// The version works on for who has it.
			c := v.Call()
			c.Inputs[0].Set([]int64{1, 1}, 4)
			if err := v.Signature.Check(&c.Job); err != nil {
				t.Fatal(err)
			}
			if err := v.Do(context.Background(), c); err != nil {
				t.Errorf("a request that was accepted: %v", err)
			}
			c.Release()
			v.Release()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := r.Unload("m"); !errors.Is(err, repository.ErrNoModel) {
				t.Errorf("unloaded again: %v", err)
			}
		})
	}
}

func TestCloseWaitsForALoadInProgress(t *testing.T) {
	root := t.TempDir()
	write(t, scaleModel(1), root, "m", "1", "model.onnx")
	begun, goOn := make(chan bool), make(chan bool)
	r := open(t, root, func(o *repository.Options) {
		o.Meter = func(*repository.Version) batch.Meter { // asked for in the middle of a load
			close(begun)
			<-goOn
			return deaf{}
		}
	})
	loaded, closed := make(chan error, 1), make(chan bool)
	go func() { loaded <- r.Load(context.Background(), "m", repository.All()) }()
	<-begun
	go func() { r.Close(); close(closed) }()
	select {
	case <-closed:
		t.Error("closed while a model was being loaded")
	case <-time.After(100 * time.Millisecond):
	}
	close(goOn)
	if err := <-loaded; !errors.Is(err, repository.ErrClosed) {
		t.Errorf("a load that ended after the end: %v", err)
	}
	<-closed
	if err := r.Load(t.Context(), "m", repository.All()); !errors.Is(err, repository.ErrClosed) {
		t.Errorf("a load after the end: %v", err)
	}
	if _, err := r.Acquire("m", ""); !errors.Is(err, repository.ErrNoModel) {
		t.Errorf("a version is served after the end: %v", err)
	}
}
