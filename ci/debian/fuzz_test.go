package debian

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/layer"
)

// Whatever the bytes, reading an archive ends, and its members are parts of it.
func FuzzAr(f *testing.F) {
	f.Add([]byte(arMagic))
	f.Add(ar(member{"debian-binary", []byte("2.0\n")}, member{"x", []byte("odd")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := members(raw)
		if err != nil {
			return
		}
		sum := len(arMagic)
		for _, m := range all {
			sum += arHeader + len(m.body)
		}
		if sum > len(raw) {
			t.Errorf("members of %d bytes in a file of %d", sum, len(raw))
		}
	})
}

// Whatever a package holds, nothing of it leaves the root or passes the limits.
func FuzzDeb(f *testing.F) {
	control := stanza("libc6", "1.0-1", "amd64")
	for _, ext := range []string{"", ".gz", ".xz", ".zst"} {
		f.Add(deb(f, ext, control, folder("./usr/"), file("./usr/lib/x", "library"), symlink("./lib", "usr/lib"), hardlink("./y", "./usr/lib/x")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := &budget{bytes: 4 << 20, files: 4 << 20, entries: 100}
		c, err := unpack(raw, b)
		if err != nil {
			return
		}
		size := 0
		for name, e := range c.tree {
			size += len(e.Body)
			if strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") {
				t.Errorf("%q leaves the root", name)
			}
			if e.Hard() && (strings.HasPrefix(e.Link, "/") || strings.Contains("/"+e.Link+"/", "/../")) {
				t.Errorf("%q is a hard link to %q", name, e.Link)
			}
			if e.Mode.Perm() != e.Mode&^(1<<31|1<<27|1<<20) { // ModeDir, ModeSymlink, ModeSticky
				t.Errorf("%q has the mode %v", name, e.Mode)
			}
		}
		if size > 4<<20 || len(c.tree) > 100 {
			t.Errorf("%d bytes in %d entries", size, len(c.tree))
		}
		// What the package says of itself agrees with one reading alone.
		p := Package{Name: "libc6", Version: "1.0-1"}
		tree := layer.Tree{}
		if install(tree, p, "amd64", raw) == nil && tree[database+"/libc6"].Body == nil {
			t.Error("it was installed without an entry in the package database")
		}
	})
}

// A paragraph that is taken has each field once, wherever one looks from.
func FuzzControl(f *testing.F) {
	f.Add(stanza("libc6", "1.0-1", "amd64"))
	f.Add("Package: a\n\nPackage: b\n")
	f.Fuzz(func(t *testing.T, text string) {
		fields, err := paragraph(text, "Package")
		if err != nil {
			return
		}
		n := 0
		for l := range strings.Lines(text) {
			name, value, ok := strings.Cut(l, ":")
			if ok && strings.EqualFold(name, "Package") {
				n++
				if fields["Package"] != strings.TrimSpace(value) {
					t.Errorf("the package is read as %q, a line says %q", fields["Package"], value)
				}
			}
		}
		if n > 1 || strings.Contains(strings.TrimRight(text, "\n"), "\n\n") {
			t.Errorf("taken though it is more than one: %q", text)
		}
	})
}

// A lock that is taken can be written and is taken again; an error names the
// file and a line.
func FuzzLock(f *testing.F) {
	f.Add([]byte(lockText))
	f.Add([]byte(strings.ReplaceAll(lockText, "libc6", "../libc6")))
	f.Add([]byte("suite: &a [*a]\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(dir, "debian.lock")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := ReadLock(path)
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("the error has no place: %v", err)
			}
			return
		}
		if err := l.Write(path); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLock(path); err != nil {
			t.Errorf("what was written is refused: %v", err)
		}
		for _, packages := range l.Packages {
			for _, p := range packages {
				if strings.Contains(p.File, "..") && strings.Contains("/"+p.File+"/", "/../") || strings.ContainsAny(p.Name+p.SHA256, "/\\") {
					t.Errorf("%+v was taken", p)
				}
			}
		}
	})
}

// A Release that is taken names files by whole hashes.
func FuzzRelease(f *testing.F) {
	f.Add([]byte("Codename: x\nDate: Sat, 21 Nov 2026 00:53:02 UTC\nSHA256:\n " + strings.Repeat("0", 64) + " 1 main/x\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := parseRelease(raw)
		if err != nil {
			return
		}
		for name, file := range r.files {
			if len(file.sha256) != 64 || file.size < 0 || name == "" {
				t.Errorf("%q is %+v", name, file)
			}
		}
	})
}
