package scan

import (
	"slices"
	"strings"
	"testing"

	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
)

func TestParseStatus(t *testing.T) {
	all, err := parseStatus([]byte(`Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc (1:2.36-8)
Version: 2.36-9+deb12u13
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~), debconf:any | debconf-2.0
Description: GNU C Library: Shared libraries
 Version: 0.1 is text, not a field
 .

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: half
Status: install reinstreq not-installed



Package: login
status: install ok installed
version: 1:4.13+dfsg1-1+b1
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d packages: %+v", len(all), all)
	}
	libc, login := all[0], all[1]
	if libc.ID != "libc6@2.36-9+deb12u13" || libc.Version != "2.36" || libc.Release != "9+deb12u13" ||
		libc.SrcName != "glibc" || libc.SrcEpoch != 1 || libc.SrcVersion != "2.36" || libc.SrcRelease != "8" {
		t.Errorf("libc6: %+v", libc)
	}
	if want := []string{"libgcc-s1", "libcrypt1", "debconf", "debconf-2.0"}; !slices.Equal(libc.depends, want) {
		t.Errorf("depends on %q, want %q", libc.depends, want)
	}
	if login.Epoch != 1 || login.SrcName != "login" || login.SrcRelease != "1+b1" {
		t.Errorf("login: %+v", login)
	}
}

func TestParseStatusMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"no field":                              `stanza 1: a line without a field: "no field"`,
		" continued":                            "stanza 1: it begins with a continued line",
		"Package: a\nPackage: b\n":              "field Package stands there twice",
		"Package: a\nVersion: 1\n\nVersion:2":   `stanza 2 (package ""): it has no name or no version`,
		"Package: a\nVersion: 1\nSource: a b":   `its source "a b" cannot be read`,
		"Package: a\nVersion: 1\nSource: a (!)": `its source's version "!" cannot be read`,
	} {
		if _, err := parseStatus([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestRepositoryClass(t *testing.T) {
	for maintainer, want := range map[string]ftypes.RepositoryClass{
		"Debian <x@lists.debian.org>":      ftypes.RepositoryClassOfficial,
		"cudatools <cudatools@nvidia.com>": ftypes.RepositoryClassThirdParty,
		"GitHub":                           ftypes.RepositoryClassThirdParty,
		"GitHub fans <x@debian.org>":       ftypes.RepositoryClassOfficial,
	} {
		if got := repositoryClass(maintainer); got != want {
			t.Errorf("%s: %s, want %s", maintainer, got, want)
		}
	}
}

// FuzzParseStatus reads any bytes: no panic, and no package without name and version.
func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("Package: a\nVersion: 1:2-3\nSource: b (4)\nDepends: c | d (>= 1)\n\nPackage: e\nVersion: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseStatus(data)
		for _, p := range all {
			if err == nil && (p.Name == "" || p.Version == "" || p.SrcName == "") {
				t.Errorf("package %+v", p)
			}
		}
	})
}
