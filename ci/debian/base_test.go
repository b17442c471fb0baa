package debian

import (
	"archive/tar"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/layer"
	"github.com/mlfleet/mlfleet/ci/scan"
)

// small is a Debian of three packages.
func small(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"base-files": deb(t, ".xz", stanza("base-files", "1.0-1", "amd64"), folder("./"), folder("./etc/"), folder("./usr/lib/"),
			file("./usr/lib/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n"),
			symlink("./etc/os-release", "../usr/lib/os-release"), file("./etc/debian_version", "12.15\n"),
			file("./usr/share/doc/base-files/copyright", "free"), file("./usr/share/doc/base-files/changelog.gz", "long")),
		"ca-certificates": deb(t, ".zst", stanza("ca-certificates", "1.0-1", "all"), folder("./usr/share/ca-certificates/"),
			file("./usr/share/ca-certificates/mozilla/B.crt", "cert B\n\n"), file("./usr/share/ca-certificates/mozilla/A.crt", "cert A"),
			file("./usr/share/ca-certificates/mozilla/README", "no certificate"), file("./usr/sbin/update-ca-certificates", "#!/bin/sh")),
		"libc6": deb(t, ".gz", stanza("libc6", "1.0-1", "amd64"), folder("./"), folder("./usr/lib/"),
			file("./usr/lib/x86_64-linux-gnu/libc.so.6", "library"), symlink("./usr/lib/x86_64-linux-gnu/libdl.so.2", "libc.so.6"),
			file("./usr/lib/x86_64-linux-gnu/gconv/BIG5.so", "x"), file("./usr/bin/ldd", "#!/bin/bash"),
			symlink("./usr/share/doc/libc6", "libc-bin")),
	}
}

// served is an archive that has the packages of a lock.
func served(t *testing.T, packages map[string][]byte) (*Archive, *Lock) {
	t.Helper()
	mirror, l := newSite(t), lockOf(packages)
	for _, p := range l.Packages["amd64"] {
		mirror.files["/debian/"+p.File] = packages[p.Name]
	}
	return archiveOf(t, mirror, nil), l
}

// files is what a layer has, by name: contents, or "-> target" of a link.
func files(t *testing.T, l v1.Layer) map[string]string {
	t.Helper()
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string]string{}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if h.Linkname != "" {
			body = []byte("-> " + h.Linkname)
		}
		all[strings.TrimSuffix(h.Name, "/")] = string(body)
	}
}

func TestBase(t *testing.T) {
	a, l := served(t, small(t))
	base, err := a.Base(t.Context(), l, "amd64", layer.NewCache(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	got := files(t, base)
	for name, want := range map[string]string{
		"etc/ssl/certs/ca-certificates.crt":     "cert A\ncert B\n",
		"etc/passwd":                            "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
		"etc/os-release":                        "-> ../usr/lib/os-release",
		"usr/lib/x86_64-linux-gnu/libc.so.6":    "library",
		"usr/lib/x86_64-linux-gnu/libdl.so.2":   "-> libc.so.6",
		"usr/share/doc/base-files/copyright":    "free",
		"usr/share/doc/libc6":                   "-> libc-bin",
		"var/lib/dpkg/status.d/libc6":           stanza("libc6", "1.0-1", "amd64"),
		"var/lib/dpkg/status.d/libc6.md5sums":   "d41d  usr/x\n",
		"var/lib/dpkg/status.d/ca-certificates": stanza("ca-certificates", "1.0-1", "all"),
		"var/lib/dpkg/status.d/base-files":      stanza("base-files", "1.0-1", "amd64"),
		"home/nonroot":                          "",
		"tmp":                                   "",
	} {
		if body, ok := got[name]; !ok || body != want {
			t.Errorf("%s is %q (there: %t), want %q", name, body, ok, want)
		}
	}
	for name := range got {
		for _, unwanted := range []string{"usr/bin", "usr/sbin", "gconv", "changelog", "ca-certificates/mozilla"} {
			if strings.Contains(name, unwanted) {
				t.Errorf("%s is in the layer", name)
			}
		}
	}
}

// Two builds on two machines give the same bytes; other packages other bytes.
func TestBaseReproducible(t *testing.T) {
	build := func(packages map[string][]byte) v1.Hash {
		t.Helper()
		a, l := served(t, packages)
		base, err := a.Base(t.Context(), l, "amd64", layer.NewCache(t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		digest, err := base.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	first, second := build(small(t)), build(small(t))
	if first != second {
		t.Errorf("two builds give %s and %s", first, second)
	}
	changed := small(t)
	changed["libc6"] = deb(t, ".gz", stanza("libc6", "1.0-1", "amd64"), file("./usr/lib/libc.so.6", "another"))
	if build(changed) == first {
		t.Error("another package gives the same layer")
	}
}

// A finished layer is not built again, nor are its packages fetched.
func TestBaseCached(t *testing.T) {
	a, l := served(t, small(t))
	cache := layer.NewCache(t.TempDir())
	first, err := a.Base(t.Context(), l, "amd64", cache)
	if err != nil {
		t.Fatal(err)
	}
	nowhere := &Archive{Mirror: newSite(t).address, Cache: t.TempDir(), Attempts: 1}
	second, err := nowhere.Base(t.Context(), l, "amd64", cache)
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := first.Digest()
	two, err2 := second.Digest()
	if err := errors.Join(err1, err2); err != nil || one != two || cache.Written() != 1 {
		t.Errorf("%s and %s, %d written (%v)", one, two, cache.Written(), err)
	}
}

// The scanner finds the release and every package of the layer.
func TestBaseScanned(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy's own keeps what it logs, from many goroutines and without a lock
	defer slog.SetDefault(before)
	a, l := served(t, small(t))
	base, err := a.Base(t.Context(), l, "amd64", layer.NewCache(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, base)
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.ConfigFile(img, platform(t, img)); err != nil {
		t.Fatal(err)
	}
	reviewed, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := advisory.Build(dir, reviewed, captured); err != nil {
		t.Fatal(err)
	}
	db, err := advisory.Open(dir, captured, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := scan.Image(t.Context(), img, db, scan.Options{Name: "registry.example.com/base:test", Now: captured})
	if err != nil {
		t.Fatal(err)
	}
	// The release is that of base-files' etc/debian_version.
	if r.OS != "debian 12.15" || r.Packages != len(l.Packages["amd64"]) {
		t.Errorf("the scanner finds %q with %d packages, want debian 12.15 with %d", r.OS, r.Packages, len(l.Packages["amd64"]))
	}
}

// platform is an image's config with a platform.
func platform(t *testing.T, img v1.Image) *v1.ConfigFile {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	return config
}

func TestBaseRefuses(t *testing.T) {
	control := stanza("libc6", "1.0-1", "amd64")
	for name, c := range map[string]struct {
		libc6 []byte
		want  string
	}{
		"another package":           {deb(t, ".gz", stanza("libc7", "1.0-1", "amd64")), "its control file says Package: libc7; the lock says libc6"},
		"another version":           {deb(t, ".gz", stanza("libc6", "1.0-2", "amd64")), "its control file says Version: 1.0-2; the lock says 1.0-1"},
		"another architecture":      {deb(t, ".gz", stanza("libc6", "1.0-1", "arm64")), "it is for arm64; amd64 is needed"},
		"two packages in one":       {deb(t, ".gz", control+"\n"+stanza("openssl", "1", "amd64")), "a second paragraph follows"},
		"two versions":              {deb(t, ".gz", control+"Version: 9\n"), "the field Version is there twice"},
		"another package's file":    {deb(t, ".gz", control, file("./etc/debian_version", "13")), "etc/debian_version is in another package too"},
		"a folder that is a file":   {deb(t, ".gz", control, file("./etc", "x")), "etc is in another package too"},
		"a folder that is a link":   {deb(t, ".gz", control, symlink("./etc", "/tmp")), "etc is in another package too"},
		"an entry below a link":     {deb(t, ".gz", control, symlink("./lib", "/tmp"), file("./lib/x", "x")), "lib/x lies below lib, which is no folder"},
		"a hard link to nothing":    {deb(t, ".gz", control, hardlink("./lib/x", "./lib/y")), "lib/x is a hard link to lib/y"},
		"a forged package database": {deb(t, ".gz", control, file("./var/lib/dpkg/status.d/openssl", "Package: openssl\n")), "var/lib/dpkg/status.d/openssl is in it, where only"},
		"a path traversal":          {deb(t, ".gz", control, file("./../../etc/cron.d/x", "x")), "leaves the root"},
	} {
		t.Run(name, func(t *testing.T) {
			packages := small(t)
			packages["libc6"] = c.libc6
			a, l := served(t, packages)
			cache := layer.NewCache(t.TempDir())
			_, err := a.Base(t.Context(), l, "amd64", cache)
			wantError(t, err, c.want)
			if cache.Written() != 0 {
				t.Error("a layer was kept")
			}
		})
	}
	t.Run("no certificates", func(t *testing.T) {
		packages := small(t)
		delete(packages, "ca-certificates")
		a, l := served(t, packages)
		_, err := a.Base(t.Context(), l, "amd64", layer.NewCache(t.TempDir()))
		wantError(t, err, "no certificate is below usr/share/ca-certificates/")
	})
	t.Run("no packages for the architecture", func(t *testing.T) {
		a, l := served(t, small(t))
		_, err := a.Base(t.Context(), l, "s390x", layer.NewCache(t.TempDir()))
		wantError(t, err, "no packages for s390x")
	})
}
