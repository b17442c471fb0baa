package debian

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// listed is a package's paragraph in an index.
func listed(name, version, architecture string) string {
	return fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nDepends: nothing (>= 1)\nDescription: one\n of the test\n"+
		"Filename: pool/main/%s_%s.deb\nSHA256: %064d\nSize: 100\n\n", name, version, architecture, name, strings.ReplaceAll(version, ":", "%3a"), 7)
}

// mirrorOf is a mirror with the three suites of bookworm; index is by suite,
// then architecture.
func mirrorOf(t *testing.T, key *openpgp.Entity, index map[string]map[string]string) *site {
	t.Helper()
	s := newSite(t)
	s.suite(t, key, "/debian/dists/bookworm", "bookworm", "", index["bookworm"])
	s.suite(t, key, "/debian/dists/bookworm-updates", "bookworm-updates", "", index["bookworm-updates"])
	s.suite(t, key, "/debian-security/dists/bookworm-security", "bookworm-security", "Valid-Until: Sat, 28 Nov 2026 00:53:02 UTC\n", index["bookworm-security"])
	return s
}

// The newest version of each package is locked, wherever it is, by dpkg's order
// and not by the alphabet's.
func TestLockNewest(t *testing.T) {
	key := newKey(t)
	index := map[string]map[string]string{
		"bookworm": {
			"amd64": listed("libc6", "2.36-9+deb12u9", "amd64") + listed("libc6-dev", "9.0", "amd64") + listed("tzdata", "2025a-1", "all") + listed("base-files", "12.4", "amd64"),
			"arm64": listed("libc6", "2.36-9+deb12u9", "arm64") + listed("tzdata", "2025a-1", "all") + listed("base-files", "12.4", "arm64"),
		},
		"bookworm-updates": {
			"amd64": listed("tzdata", "2025b-1", "all"),
			"arm64": listed("tzdata", "2025b-1", "all"),
		},
		"bookworm-security": {
			"amd64": listed("libc6", "2.36-9+deb12u14", "amd64") + listed("base-files", "12.4~rc1", "amd64"),
			"arm64": listed("libc6", "2.36-9+deb12u13", "arm64"),
		},
	}
	a := archiveOf(t, mirrorOf(t, key, index), nil)
	l, err := a.lock(t.Context(), openpgp.EntityList{key}, "bookworm", captured, []string{"arm64", "amd64"}, []string{"tzdata", "libc6", "base-files"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, architecture := range []string{"amd64", "arm64"} {
		for _, p := range l.Packages[architecture] {
			got = append(got, fmt.Sprint(architecture, p.Name, p.Version, p.Archive))
		}
	}
	want := []string{
		"amd64base-files12.4debian", "amd64libc62.36-9+deb12u14debian-security", "amd64tzdata2025b-1debian",
		"arm64base-files12.4debian", "arm64libc62.36-9+deb12u13debian-security", "arm64tzdata2025b-1debian",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if l.Suite != "bookworm" || !l.Locked.Equal(captured) {
		t.Errorf("it is of %s at %s", l.Suite, l.Locked)
	}
	if err := l.Write(t.TempDir() + "/debian.lock"); err != nil {
		t.Error(err)
	}
}

func TestLockRefuses(t *testing.T) {
	key, other := newKey(t), newKey(t)
	good := func() map[string]map[string]string {
		all := map[string]string{"amd64": listed("libc6", "2.36-9", "amd64")}
		return map[string]map[string]string{"bookworm": all, "bookworm-updates": all, "bookworm-security": all}
	}
	var anyIndex = func(s *site) string {
		for path := range s.files {
			if strings.Contains(path, "/debian/dists/bookworm/main") {
				return path
			}
		}
		return ""
	}
	for name, c := range map[string]struct {
		change   func(s *site)
		packages []string
		want     string
	}{
		"a package that there is not": {func(*site) {}, []string{"libc6", "libc7"}, "bookworm has no package libc7 for amd64"},
		"a package twice":             {func(*site) {}, []string{"libc6", "libc6"}, "each once"},
		"an index tampered with":      {func(s *site) { s.files[anyIndex(s)] = flipped(s.files[anyIndex(s)]) }, nil, "it has sha256"},
		"an index of another size":    {func(s *site) { s.files[anyIndex(s)] = s.files[anyIndex(s)][1:] }, nil, "bytes, the lock says"},
		"an index too large":          {func(s *site) { s.files[anyIndex(s)] = append(s.files[anyIndex(s)], 0) }, nil, "it is larger than"},
		"an index that is missing":    {func(s *site) { delete(s.files, anyIndex(s)) }, nil, "404"},
		"a suite signed by another": {func(s *site) {
			s.suite(t, other, "/debian/dists/bookworm-updates", "bookworm-updates", "", good()["bookworm"])
		}, nil, "none of Debian's keys"},
		"another suite in its place": {func(s *site) {
			s.files["/debian/dists/bookworm/InRelease"] = s.files["/debian/dists/bookworm-updates/InRelease"]
		}, nil, "it is the Release of bookworm-updates, not of bookworm"},
		"security updates withheld": {func(s *site) {
			s.suite(t, key, "/debian-security/dists/bookworm-security", "bookworm-security", "Valid-Until: Sun, 22 Nov 2026 00:53:02 UTC\n", good()["bookworm"])
		}, nil, "ran out"},
		"no such architecture": {func(s *site) {
			s.suite(t, key, "/debian/dists/bookworm", "bookworm", "", map[string]string{"arm64": listed("libc6", "1", "arm64")})
		}, nil, "is amd64 an architecture of Debian's?"},
		"an index with a hostile file name": {func(s *site) {
			s.suite(t, key, "/debian/dists/bookworm", "bookworm", "", map[string]string{"amd64": strings.Replace(listed("libc6", "1", "amd64"), "pool/main", "pool/../..", 1)})
		}, nil, "is no .deb below pool/"},
		"an index with a field twice": {func(s *site) {
			s.suite(t, key, "/debian/dists/bookworm", "bookworm", "", map[string]string{"amd64": strings.Replace(listed("libc6", "1", "amd64"), "Size:", "Size: 1\nSize:", 1)})
		}, nil, "the field Size is there twice"},
		"an index without a size": {func(s *site) {
			s.suite(t, key, "/debian/dists/bookworm", "bookworm", "", map[string]string{"amd64": strings.Replace(listed("libc6", "1", "amd64"), "Size:", "Sise:", 1)})
		}, nil, "libc6: its size"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mirrorOf(t, key, good())
			c.change(s)
			packages := c.packages
			if packages == nil {
				packages = []string{"libc6"}
			}
			_, err := archiveOf(t, s, nil).lock(t.Context(), openpgp.EntityList{key}, "bookworm", captured, []string{"amd64"}, packages)
			wantError(t, err, "lock Debian packages", c.want)
		})
	}
	t.Run("Debian's keys refuse it", func(t *testing.T) {
		_, err := archiveOf(t, mirrorOf(t, key, good()), nil).Lock(t.Context(), "bookworm", captured, []string{"amd64"}, []string{"libc6"})
		wantError(t, err, "none of Debian's keys for this release signed it")
	})
	t.Run("a suite without keys", func(t *testing.T) {
		_, err := archiveOf(t, newSite(t), nil).Lock(t.Context(), "sid", captured, []string{"amd64"}, []string{"libc6"})
		wantError(t, err, "no archive keys for the suite sid")
	})
}
