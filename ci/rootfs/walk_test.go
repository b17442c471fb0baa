package rootfs_test

import (
	"archive/tar"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/rootfs"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

type entries = []tar.Header

func file(name, text string) tar.Header { return testimage.Regular(name, text) }

func dir(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }

func symlink(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
}

func hardlink(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
}

func image(t testing.TB, layers ...entries) v1.Image {
	t.Helper()
	var all []v1.Layer
	for _, l := range layers {
		all = append(all, testimage.Layer(t, l...))
	}
	return testimage.Image(t, all...)
}

// walk gives what the container sees, path → text, and all texts that passed.
func walk(t testing.TB, img v1.Image, limits rootfs.Limits) (shown map[string]string, passed []string, tree *rootfs.Tree, err error) {
	t.Helper()
	var mu sync.Mutex
	texts := map[rootfs.ID]string{}
	tree, err = rootfs.Walk(t.Context(), img, limits, func(f rootfs.File) error {
		data, err := io.ReadAll(f.Content)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		texts[f.ID] = string(data)
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	shown = map[string]string{}
	for id, text := range texts {
		passed = append(passed, text)
		if p, ok := tree.Shown(id); ok {
			shown[p] = text
		}
	}
	slices.Sort(passed)
	return shown, passed, tree, nil
}

func TestLayersStack(t *testing.T) {
	for name, c := range map[string]struct {
		layers []entries
		want   string // "path=text" in order
	}{
		"upper replaces lower":      {[]entries{{file("a", "1")}, {file("a", "2")}}, "a=2"},
		"last of one layer wins":    {[]entries{{file("a", "1"), file("a", "2")}}, "a=2"},
		"whiteout":                  {[]entries{{file("d/a", "1"), file("d/b", "2")}, {file("d/.wh.a", "")}}, "d/b=2"},
		"whiteout of a directory":   {[]entries{{file("d/a", "1"), file("b", "2")}, {file(".wh.d", "")}}, "b=2"},
		"whiteout, then new":        {[]entries{{file("a", "1")}, {file("a", "2"), file(".wh.a", "")}}, "a=2"},
		"whiteout of nothing":       {[]entries{{file("a", "1")}, {file("x/.wh.y", "")}}, "a=1"},
		"opaque":                    {[]entries{{file("d/a", "1")}, {file("d/b", "2"), file("d/.wh..wh..opq", "")}}, "d/b=2"},
		"opaque speaks of below":    {[]entries{{file("d/a", "1")}, {file("d/.wh..wh..opq", "")}, {file("d/c", "3")}}, "d/c=3"},
		"opaque root":               {[]entries{{file("a", "1")}, {file(".wh..wh..opq", ""), file("b", "2")}}, "b=2"},
		"aufs metadata":             {[]entries{{file("a", "1")}, {file(".wh..wh.aufs", "x"), dir(".wh..wh.plnk")}}, "a=1"},
		"file over directory":       {[]entries{{file("d/a", "1")}, {file("d", "2")}}, "d=2"},
		"directory over directory":  {[]entries{{file("d/a", "1")}, {dir("d"), file("d/b", "2")}}, "d/a=1 d/b=2"},
		"directory over file":       {[]entries{{file("d", "1")}, {dir("d/")}}, ""},
		"special over file":         {[]entries{{file("a", "1")}, {{Name: "a", Typeflag: tar.TypeFifo}}}, ""},
		"through a linked parent":   {[]entries{{file("usr/lib/a", "1"), symlink("lib", "usr/lib")}, {file("lib/a", "2")}}, "usr/lib/a=2"},
		"whiteout through a link":   {[]entries{{file("usr/lib/a", "1"), symlink("lib", "/usr/lib")}, {file("lib/.wh.a", "")}}, ""},
		"hard link":                 {[]entries{{file("b", "1"), hardlink("a", "b")}}, "a=1"},
		"hard link outlives target": {[]entries{{file("a", "1"), hardlink("b", "a")}, {file(".wh.a", "")}}, "b=1"},
		"hard link to a lower one":  {[]entries{{file("a", "1")}, {hardlink("b", "/a"), file(".wh.c", "")}}, "a=1"},
		"leading slash and dots":    {[]entries{{file("/a", "1"), file("./b", "2"), file("c//d", "3")}}, "a=1 b=2 c/d=3"},
	} {
		t.Run(name, func(t *testing.T) {
			shown, _, _, err := walk(t, image(t, c.layers...), rootfs.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for p, text := range shown {
				got = append(got, p+"="+text)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A deleted file still passes the visitor: a scanner for secrets needs it.
func TestHiddenFilesPass(t *testing.T) {
	_, passed, _, err := walk(t, image(t, entries{file("key", "secret")}, entries{file(".wh.key", "")}), rootfs.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(passed, "secret") {
		t.Errorf("passed: %q", passed)
	}
}

func TestLookup(t *testing.T) {
	_, _, tree, err := walk(t, image(t, entries{
		file("usr/lib/os-release", "x"), symlink("etc/os-release", "../usr/lib/os-release"), symlink("lib", "usr/lib"),
		symlink("one", "/lib/os-release"), symlink("loop", "loop"), symlink("gone", "nowhere"), dir("etc"),
	}), rootfs.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"usr/lib/os-release": true, "/etc/os-release": true, "one": true, "lib/os-release": true, "etc/../../lib/os-release": true,
		"loop": false, "gone": false, "etc": false, "": false,
	} {
		if _, ok := tree.Lookup(name); ok != want {
			t.Errorf("lookup of %q: %v, want %v", name, ok, want)
		}
	}
	if !tree.Has("etc") || tree.Has("gone") || !tree.Has("/") {
		t.Error("Has: etc and / are there, gone is not")
	}
}

// The visitor's own error comes back with the layer and the entry that it was about.
func TestVisitorsError(t *testing.T) {
	stop := errors.New("stop here")
	_, err := rootfs.Walk(t.Context(), image(t, entries{file("a", "1")}), rootfs.Limits{}, func(rootfs.File) error { return stop })
	e, ok := errors.AsType[*rootfs.Error](err)
	if !ok || !errors.Is(err, stop) || e.Entry != "a" {
		t.Errorf("error %v", err)
	}
}

// Files that the visitor does not read are hashed all the same.
func TestUnreadContentIsHashed(t *testing.T) {
	img := image(t, entries{file("a", strings.Repeat("x", 1<<20)), file("b", "2")})
	var names []string
	_, err := rootfs.Walk(t.Context(), img, rootfs.Limits{}, func(f rootfs.File) error {
		names = append(names, f.Path)
		_, err := io.CopyN(io.Discard, f.Content, 1)
		return err
	})
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%v, %v", names, err)
	}
}
