// Package fleettest gives tests a small, valid fleet to look at and to break.
//
// It is test support. The fleet has two regions with a staging and a production
// cluster each, two tenants and three models: one of everything that a rule
// between documents looks at, and little else, so that a finding in a test is
// about the line that the test has edited.
package fleettest

import (
	"embed"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

//go:embed fleet
var files embed.FS

// Small returns a copy of the fleet.
func Small(t testing.TB) fstest.MapFS {
	t.Helper()
	root, err := fs.Sub(files, "fleet")
	if err != nil {
		t.Fatal(err)
	}
	return Copy(t, root)
}

// Copy reads the inputs of a fleet into memory: fleet.yaml, regions/,
// environments/ and tenants/.
func Copy(t testing.TB, root fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, start := range []string{"fleet.yaml", "regions", "environments", "tenants"} {
		err := fs.WalkDir(root, start, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(root, path)
			out[path] = &fstest.MapFile{Data: data}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Edit replaces the one place in a file where old stands by new. An edit that
// finds no place, or several, would test something else than its author meant.
func Edit(t testing.TB, fleet fstest.MapFS, path, old, new string) {
	t.Helper()
	file := fleet[path]
	if file == nil {
		t.Fatalf("the fleet has no file %s", path)
	}
	text := string(file.Data)
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q stands %d times in %s, want once", old, n, path)
	}
	fleet[path] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
}

// Add adds a file, or replaces one.
func Add(fleet fstest.MapFS, path, data string) { fleet[path] = &fstest.MapFile{Data: []byte(data)} }
