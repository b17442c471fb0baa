package scan

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
	"sync"

	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/mlfleet/mlfleet/ci/rootfs"
)

// maxDatabaseFile is the largest package list that is read: Debian's whole archive would have 60 MiB.
const maxDatabaseFile = 64 << 20

// collector keeps, of every file that passes, what the scan needs later. Layers come at the same time.
type collector struct {
	ctx     context.Context
	workers *errgroup.Group // looks for secrets while the next file is read

	mu       sync.Mutex
	texts    map[rootfs.ID]text               // package lists and release files, by content
	binaries map[rootfs.ID]ftypes.Application // Go binaries
	secrets  map[rootfs.ID]secretFile
	unread   map[rootfs.ID]string // packages of other languages: their kind
	foreign  map[rootfs.ID]string // package databases that we do not read: their path
	env      []ftypes.SecretFinding
}

type text struct {
	path  string
	layer rootfs.Layer
	data  []byte
}

type secretFile struct {
	path     string
	layer    rootfs.Layer
	findings []ftypes.SecretFinding
}

func newCollector(ctx context.Context) *collector {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	return &collector{
		ctx:      ctx,
		workers:  workers,
		texts:    map[rootfs.ID]text{},
		binaries: map[rootfs.ID]ftypes.Application{},
		secrets:  map[rootfs.ID]secretFile{},
		unread:   map[rootfs.ID]string{},
		foreign:  map[rootfs.ID]string{},
	}
}

// finish waits for the workers.
func (c *collector) finish() error { return c.workers.Wait() }

// visit looks at one file. What decides is its path, its mode, and its first bytes.
func (c *collector) visit(f rootfs.File) error {
	if kind := foreignDatabase(f.Path); kind != "" {
		keep(c, c.foreign, f.ID, f.Path)
	}
	if kind := otherLanguage(f.Path); kind != "" {
		keep(c, c.unread, f.ID, kind)
	}
	if wantsText(f.Path) {
		return c.text(f)
	}
	head, err := peek(f)
	if err != nil {
		return err
	}
	f.Content = head.all
	switch {
	case f.Mode&0o111 != 0 && strings.HasPrefix(string(head.bytes), "\x7fELF"):
		return c.binary(f)
	case mayHoldSecrets(f, head.bytes):
		return c.secret(f)
	}
	return nil
}

// keep writes into one of the collector's maps.
func keep[V any](c *collector, into map[rootfs.ID]V, id rootfs.ID, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	into[id] = value
}

func (c *collector) text(f rootfs.File) error {
	if f.Size > maxDatabaseFile {
		return fmt.Errorf("%w: a package list of %d bytes, at most %d are read", rootfs.ErrLimit, f.Size, maxDatabaseFile)
	}
	data, err := io.ReadAll(f.Content)
	if err != nil {
		return fmt.Errorf("reading it: %w", err)
	}
	keep(c, c.texts, f.ID, text{path: f.Path, layer: f.Layer, data: data})
	return nil
}

// config looks for secrets in the image's configuration: environment variables and commands.
func (c *collector) config(img v1.Image) error {
	config, err := img.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading the image's configuration: %w", err)
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return fmt.Errorf("reading the image's configuration: %w", err)
	}
	c.env = findSecrets("config.json", &wholeReader{data: data})
	return nil
}

const (
	statusFile    = "var/lib/dpkg/status"
	statusFolder  = "var/lib/dpkg/status.d"
	infoFolder    = "var/lib/dpkg/info"
	md5sums       = ".md5sums"
	debianVersion = "etc/debian_version"
	lsbRelease    = "etc/lsb-release"
)

var releaseFiles = []string{"etc/os-release", "usr/lib/os-release"}

// wantsText says which files are kept whole.
func wantsText(name string) bool {
	switch name {
	case statusFile, debianVersion, lsbRelease, releaseFiles[0], releaseFiles[1]:
		return true
	}
	dir := path.Dir(name)
	return dir == statusFolder || dir == infoFolder && strings.HasSuffix(name, md5sums)
}

// foreignDatabase recognises the package databases of operating systems that this scan does not read.
func foreignDatabase(name string) string {
	switch name {
	case "lib/apk/db/installed", "usr/lib/apk/db/installed":
		return "apk"
	}
	dir, base := path.Split(name)
	switch dir {
	case "var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/", "var/lib/rpmmanifest/":
		switch base {
		case "Packages", "Packages.db", "rpmdb.sqlite", "container-manifest-2":
			return "rpm"
		}
	}
	return ""
}

// otherLanguage recognises packages of languages that this scan does not judge, so that it can say so.
func otherLanguage(name string) string {
	dir, base := path.Split(name)
	switch {
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info/"), base == "PKG-INFO" && strings.HasSuffix(dir, ".egg-info/"):
		return "python"
	case base == "package.json" && strings.Contains("/"+dir, "/node_modules/"):
		return "node"
	case strings.HasSuffix(base, ".gemspec") && strings.Contains("/"+dir, "/specifications/"):
		return "ruby"
	}
	switch path.Ext(base) {
	case ".jar", ".war", ".ear":
		return "java"
	}
	return ""
}
