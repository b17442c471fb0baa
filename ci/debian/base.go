package debian

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/layer"
)

// ServerPackages is what the inference server and ONNX Runtime need to run: the
// C and C++ runtime libraries, certificates for the object store, time zones,
// the names of protocols, and the files that say which Debian this is (scanners
// go by them). gcc-12-base carries the licences of libgcc and libstdc++. There is no
// shell among them, and must not be.
var ServerPackages = []string{
	"base-files", "ca-certificates", "gcc-12-base", "libc6", "libgcc-s1", "libstdc++6", "netbase", "tzdata",
}

// UID is the user and group that the image runs as, distroless's "nonroot".
const UID = 65532

// recipe changes when the same packages would give another layer.
const recipe = "debian base 1"

// Base gives the base layer of an architecture: the packages' files without
// documentation (copyright files stay), the certificates in one bundle, an
// entry in var/lib/dpkg/status.d for each package as distroless has it, and the
// users root and nonroot. Packages that are not at hand are fetched.
func (a *Archive) Base(ctx context.Context, l *Lock, architecture string, cache *layer.Cache) (v1.Layer, error) {
	packages, err := l.For(architecture)
	if err != nil {
		return nil, err
	}
	parts := []string{recipe}
	for _, p := range packages {
		parts = append(parts, p.SHA256)
	}
	return cache.Layer(layer.KeyOf(parts...), func() (layer.Tree, error) {
		tree := layer.Tree{}
		for _, p := range packages {
			raw, err := a.Fetch(ctx, l, p)
			if err != nil {
				return nil, err
			}
			if err := install(tree, p, architecture, raw); err != nil {
				return nil, fmt.Errorf("unpack %s %s: %w", p.Name, p.Version, err)
			}
		}
		if err := finish(tree); err != nil {
			return nil, err
		}
		return tree, nil
	})
}

// install puts a package's files and its entry in the package database into a
// tree.
func install(tree layer.Tree, p Package, architecture string, raw []byte) error {
	c, err := unpack(raw, limits())
	if err != nil {
		return err
	}
	fields, err := paragraph(string(c.control), "Package", "Version", "Architecture")
	if err != nil {
		return fmt.Errorf("its control file: %w", err)
	}
	for _, f := range [][2]string{{"Package", p.Name}, {"Version", p.Version}} {
		if got := fields[f[0]]; got != f[1] {
			return fmt.Errorf("its control file says %s: %s; the lock says %s", f[0], got, f[1])
		}
	}
	if got := fields["Architecture"]; got != architecture && got != "all" {
		return fmt.Errorf("it is for %s; %s is needed", got, architecture)
	}
	for name, e := range c.tree {
		if name == database || strings.HasPrefix(name, database+"/") {
			return fmt.Errorf("%s is in it, where only what this package says of itself belongs", name)
		}
		if !wanted(name, e.Mode) {
			continue
		}
		if before, ok := tree[name]; ok && (!before.Mode.IsDir() || !e.Mode.IsDir()) {
			return fmt.Errorf("%s is in another package too", name)
		}
		tree[name] = e
	}
	tree[database+"/"+p.Name] = layer.Entry{Mode: 0o644, Body: c.control}
	tree[database+"/"+p.Name+".md5sums"] = layer.Entry{Mode: 0o644, Body: c.sums}
	return nil
}

// database is where scanners look for the packages of an image without dpkg.
const database = "var/lib/dpkg/status.d"

// unneeded are folders that nothing in the image reads.
var unneeded = []string{
	"boot", "etc/cron.daily", "etc/default", "etc/ld.so.conf.d", "etc/profile.d", "etc/skel", "etc/update-motd.d",
	"media", "mnt", "opt", "srv", "usr/bin", "usr/games", "usr/include", "usr/local", "usr/sbin",
	"usr/share/base-files", "usr/share/common-licenses", "usr/share/dict", "usr/share/doc", "usr/share/gcc", "usr/share/gdb",
	"usr/share/info", "usr/share/lintian", "usr/share/locale", "usr/share/man", "usr/share/misc",
	"usr/share/zoneinfo/posix", "usr/share/zoneinfo/right", "usr/src", "var/backups", "var/local", "var/mail",
}

// wanted says whether a file of a package goes into the image.
func wanted(name string, mode fs.FileMode) bool {
	if doc, ok := strings.CutPrefix(name, "usr/share/doc/"); ok {
		// A link is a package that shares another's copyright file.
		return path.Base(name) == "copyright" || mode&fs.ModeSymlink != 0 && !strings.Contains(doc, "/")
	}
	if strings.Contains(name, "/gconv/") || strings.HasSuffix(name, "/gconv") {
		return false // character sets of iconv(3), 8 MB
	}
	return !slices.ContainsFunc(unneeded, func(dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") })
}

// finish adds what Debian makes when packages are configured.
func finish(tree layer.Tree) error {
	tree["etc/passwd"] = layer.Entry{Mode: 0o644, Body: fmt.Appendf(nil,
		"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:%d:%[1]d:nonroot:/home/nonroot:/sbin/nologin\n", UID)}
	tree["etc/group"] = layer.Entry{Mode: 0o644, Body: fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", UID)}
	tree["etc/nsswitch.conf"] = layer.Entry{Mode: 0o644, Body: []byte("hosts: files dns\n")}
	tree["home/nonroot"] = layer.Entry{Mode: fs.ModeDir | 0o700, UID: UID, GID: UID}
	tree["tmp"] = layer.Entry{Mode: fs.ModeDir | fs.ModeSticky | 0o777}
	return bundle(tree)
}

// bundle makes one file of the certificates, as update-ca-certificates does
// where every one of them is enabled, and takes the single files out.
func bundle(tree layer.Tree) error {
	const source = "usr/share/ca-certificates/"
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if !strings.HasPrefix(name, source) {
			continue
		}
		if body := tree[name].Body; path.Ext(name) == ".crt" && len(body) > 0 {
			all.Write(bytes.TrimSpace(body))
			all.WriteByte('\n')
		}
		delete(tree, name)
	}
	if all.Len() == 0 {
		return fmt.Errorf("no certificate is below %s: %w", source, os.ErrNotExist)
	}
	delete(tree, strings.TrimSuffix(source, "/"))
	tree["etc/ssl/certs/ca-certificates.crt"] = layer.Entry{Mode: 0o644, Body: all.Bytes()}
	return nil
}
