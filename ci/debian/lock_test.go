package debian

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const lockText = `suite: bookworm
locked: 2026-11-01T12:00:00Z
packages:
  amd64:
    - name: base-files
      version: 12.4+deb12u15
      archive: debian
      file: pool/main/b/base-files/base-files_12.4+deb12u15_amd64.deb
      sha256: 3eb1ea6d85488f488cc2a163b98ad640ef88cee4c79287cf14e361aaf6206f47
      size: 70936
    - name: libc6
      version: 1:2.36-9~deb12u14
      archive: debian-security
      file: pool/updates/main/g/glibc/libc6_2.36-9+deb12u14_amd64.deb
      sha256: ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf
      size: 2754376
`

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "debian.lock")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The lock of this repository is in order and has both architectures.
func TestReadRealLock(t *testing.T) {
	l, err := ReadLock("../debian.lock")
	if err != nil {
		t.Fatal(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		packages, err := l.For(architecture)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range packages {
			names = append(names, p.Name)
		}
		if !reflect.DeepEqual(names, ServerPackages) {
			t.Errorf("%s has %v, want %v", architecture, names, ServerPackages)
		}
	}
	if _, err := l.For("s390x"); err == nil || !strings.Contains(err.Error(), "no packages for s390x") {
		t.Errorf("got %v", err)
	}
}

// What is written reads back, and a mistake is not written.
func TestLockWrite(t *testing.T) {
	l, err := ReadLock(written(t, lockText))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "debian.lock")
	if err := l.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := ReadLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(l, again) {
		t.Errorf("wrote %+v, read %+v", l, again)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != header+lockText {
		t.Errorf("wrote\n%s", raw)
	}
	l.Packages["amd64"][0].SHA256 = "abc"
	wantError(t, l.Write(path), path, `sha256 "abc"`)
	if after, err := os.ReadFile(path); err != nil || string(after) != string(raw) {
		t.Errorf("a lock with a mistake was written (%v)", err)
	}
}

// Every mistake is told at its line.
func TestReadLockRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     string // behind the file's name
	}{
		"no suite":                  {"suite: bookworm\n", "", ":1: suite \"\" is not"},
		"suite that is a path":      {"bookworm", "../sid", ":1: suite \"../sid\" is not"},
		"no time":                   {"locked: 2026-11-01T12:00:00Z\n", "", ":1: locked is missing"},
		"time that is none":         {"2026-11-01T12:00:00Z", "yesterday", ":2: locked is a time like"},
		"unknown field":             {"size: 70936", "size: 70936\n      sise: 1", ":11: field sise not found"},
		"field twice":               {"size: 70936", "size: 70936\n      size: 1", ":11: mapping key \"size\" already defined at line 10"},
		"size that is text":         {"70936", "large", ":10: cannot unmarshal"},
		"size nought":               {"70936", "0", ":10: amd64, package 1 (base-files): size 0 is not between"},
		"size negative":             {"70936", "-1", ":10: amd64, package 1 (base-files): size -1"},
		"size too large":            {"70936", "99999999999", ":10: amd64, package 1 (base-files): size 99999999999"},
		"no size":                   {"      size: 70936\n", "", ":5: amd64, package 1 (base-files): size 0"},
		"sha256 too short":          {"206f47", "206f4", ":9: amd64, package 1 (base-files): sha256"},
		"sha256 in capitals":        {"3eb1ea6d", "3EB1EA6D", ":9: amd64, package 1 (base-files): sha256"},
		"sha256 that is none":       {"3eb1ea6d", "xxxxxxxx", ":9: amd64, package 1 (base-files): sha256"},
		"file that leaves the pool": {"pool/main/b/base-files", "pool/../../etc", ":8: amd64, package 1 (base-files): file"},
		"file elsewhere":            {"pool/main/b/base-files", "dists/main", ":8: amd64, package 1 (base-files): file"},
		"file that is no package":   {"u15_amd64.deb", "u15_amd64.udeb", ":8: amd64, package 1 (base-files): file"},
		"another archive":           {"archive: debian-security", "archive: evil.example", ":13: amd64, package 2 (libc6): archive"},
		"version that is none":      {"version: 1:2.36", "version: latest", ":12: amd64, package 2 (libc6): \"latest-9~deb12u14\" is not a version"},
		"name that is a path":       {"name: libc6", "name: ../libc6", ":11: amd64, package 2 (../libc6): \"../libc6\" is not a package's name"},
		"name of a status file":     {"name: libc6", "name: libc6/x", ":11: amd64, package 2"},
		"not sorted":                {"name: libc6", "name: apt", ":11: amd64: apt after base-files"},
		"a package twice":           {"name: libc6", "name: base-files", ":11: amd64: base-files after base-files"},
		"architecture that is none": {"amd64:", "../amd64:", `:5: "../amd64" is not an architecture`},
		"tabs":                      {"  amd64:", "\tamd64:", ":4: found character that cannot start any token"},
		"a second document":         {"size: 2754376\n", "size: 2754376\n---\nsuite: sid\n", ": there is more than one document"},
		"a list":                    {"suite: bookworm\n", "- suite\n", ":1: did not find expected"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(lockText, c.old) {
				t.Fatal("the text to change is not there")
			}
			path := written(t, strings.Replace(lockText, c.old, c.new, 1))
			_, err := ReadLock(path)
			wantError(t, err, path+":", c.want)
		})
	}
	for name, c := range map[string][2]string{
		"empty":                 {"", ":1: the file is empty"},
		"no packages":           {"suite: bookworm\nlocked: 2026-11-01T12:00:00Z\n", ":1: it names no packages"},
		"architecture of none":  {"suite: bookworm\nlocked: 2026-11-01T12:00:00Z\npackages:\n  amd64: []\n", ":4: amd64 has no packages"},
		"a text":                {"bookworm", ":1: cannot unmarshal"},
		"an alias of an anchor": {"suite: &a [*a]\n", ":1: "},
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t, c[0])
			_, err := ReadLock(path)
			wantError(t, err, path+c[1])
		})
	}
	_, err := ReadLock(filepath.Join(t.TempDir(), "none"))
	wantError(t, err, "read the lock of Debian packages", "none")
}
