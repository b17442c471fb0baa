package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// result is what a proof found.
type result struct {
	overlays, objects int
	differences       []string // in the order of overlays and manifests
}

// prove builds every overlay of the tree and compares it with its manifests.
// Every overlay must have manifests, and all manifests an overlay.
func prove(ctx context.Context, kustomize, golden string) (result, error) {
	overlays, err := find(golden, "kustomization.yaml", func(dir string) bool { return manifestsOf(dir) != "" })
	if err != nil {
		return result{}, err
	}
	if len(overlays) == 0 {
		return result{}, fmt.Errorf("%s has no overlays: is it a generated tree?", golden)
	}
	manifests, err := find(filepath.Join(golden, "manifests"), "manifests.yaml", func(string) bool { return true })
	if err != nil {
		return result{}, err
	}

	comparisons := make([]comparison, len(overlays))
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, overlay := range overlays {
		wg.Go(func() {
			workers <- struct{}{}
			defer func() { <-workers }()
			comparisons[i] = compareOverlay(ctx, kustomize, golden, overlay)
		})
	}
	wg.Wait()

	r := result{overlays: len(overlays)}
	built := map[string]bool{}
	for i, c := range comparisons {
		if c.err != nil {
			return result{}, c.err
		}
		built[manifestsOf(overlays[i])] = true
		r.objects += c.objects
		r.differences = append(r.differences, c.differences...)
	}
	for _, dir := range manifests {
		path := filepath.ToSlash(filepath.Join("manifests", dir, "manifests.yaml"))
		if !built[path] {
			r.differences = append(r.differences, path+": no overlay builds it")
		}
	}
	return r, nil
}

// comparison is what came of one overlay.
type comparison struct {
	objects     int
	differences []string
	err         error
}

func compareOverlay(ctx context.Context, kustomize, golden, overlay string) comparison {
	path := manifestsOf(overlay)
	committed, err := os.ReadFile(filepath.Join(golden, path))
	if errors.Is(err, fs.ErrNotExist) {
		return comparison{differences: []string{overlay + ": has no " + path}}
	}
	if err != nil {
		return comparison{err: err}
	}
	text, err := build(ctx, kustomize, "build", filepath.Join(golden, overlay))
	if err != nil {
		return comparison{differences: []string{fmt.Sprintf("%s: %v", overlay, err)}}
	}
	got, err := objects(text)
	if err != nil {
		return comparison{err: fmt.Errorf("what kustomize builds of %s: %w", overlay, err)}
	}
	want, err := objects(committed)
	if err != nil {
		return comparison{err: fmt.Errorf("%s: %w", path, err)}
	}
	c := comparison{objects: len(got)}
	for _, difference := range differences(got, want) {
		c.differences = append(c.differences, overlay+": "+difference)
	}
	return c
}

// build runs kustomize and returns what it prints.
func build(ctx context.Context, kustomize string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, kustomize, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", kustomize, strings.Join(args, " "), err, bytes.TrimSpace(complaint.Bytes()))
	}
	return bytes.TrimSpace(out), nil
}

// find returns the folders below root that hold a file of this name and are
// wanted, relative to root and sorted.
func find(root, name string, wanted func(dir string) bool) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != name {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if dir = filepath.ToSlash(dir); err == nil && wanted(dir) {
			dirs = append(dirs, dir)
		}
		return err
	})
	slices.Sort(dirs)
	return dirs, err
}

// manifestsOf is where the manifests of an overlay stand, or "" for a folder that
// is none: platform/overlays/<cluster> builds to
// manifests/<cluster>/platform/manifests.yaml, and
// tenants/<tenant>/<part>/overlays/<cluster> to
// manifests/<cluster>/<tenant>/<part>/manifests.yaml.
func manifestsOf(overlay string) string {
	owner, cluster, ok := strings.Cut(overlay, "/overlays/")
	if !ok || strings.Contains(cluster, "/") {
		return ""
	}
	return "manifests/" + cluster + "/" + strings.TrimPrefix(owner, "tenants/") + "/manifests.yaml"
}
