package onnxruntime

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// DefaultRegistry is npm's own. The environment names another as npm has it.
const (
	DefaultRegistry  = "https://registry.npmjs.org"
	RegistryVariable = "npm_config_registry" // in capitals too
)

// Source is an npm registry and the folder that keeps what came from it.
type Source struct {
	Registry string        // URL
	Cache    string        // folder
	Attempts int           // at downloading; 0 is 4
	Wait     time.Duration // before the second attempt, doubling; 0 is 1 s
	Client   *http.Client  // nil is http.DefaultClient
}

// NewSource is the registry that the environment names, as lookup (os.Getenv)
// has it.
func NewSource(cache string, lookup func(string) string) *Source {
	registry := cmp.Or(lookup(RegistryVariable), lookup(strings.ToUpper(RegistryVariable)), DefaultRegistry)
	return &Source{Registry: registry, Cache: cache}
}

// A Library is a fetched variant for an architecture.
type Library struct {
	Pin
	Dir string // holds the pin's files and nothing else
}

// Fetch gives a variant for an architecture, from the cache where it is there
// and has the pinned hashes. Of an archive it unpacks what all pins want of it,
// because both architectures of a library are in one.
func (s *Source) Fetch(ctx context.Context, pins Pins, variant, architecture string) (Library, error) {
	pin, err := pins.Find(variant, architecture)
	if err != nil {
		return Library{}, err
	}
	l := Library{Pin: pin, Dir: s.dir(pin)}
	if l.verify() == nil {
		return l, nil
	}
	if err := s.fill(ctx, pins, pin); err != nil {
		return Library{}, fmt.Errorf("fetch ONNX Runtime (%s@%s): %w", pin.Package, pin.Version, err)
	}
	if err := l.verify(); err != nil {
		return Library{}, fmt.Errorf("ONNX Runtime (%s@%s) is not what %s pins: %w", pin.Package, pin.Version, PinsFile, err)
	}
	return l, nil
}

// dir is where a pin's files lie: a new archive means a new folder.
func (s *Source) dir(p Pin) string {
	return filepath.Join(s.Cache, p.SHA512[:16], p.Variant+"-"+p.Architecture)
}

// verify compares the files with the pin.
func (l Library) verify() error {
	for _, f := range l.Files {
		got, err := sum(filepath.Join(l.Dir, f.Name))
		if err != nil {
			return err
		}
		if got != f.SHA256 {
			return fmt.Errorf("%s has sha256 %s, want %s", f.Name, got, f.SHA256)
		}
	}
	return nil
}

func sum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fill downloads an archive and unpacks it for every pin of it.
func (s *Source) fill(ctx context.Context, pins Pins, pin Pin) (err error) {
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return err
	}
	archive, err := os.CreateTemp(s.Cache, "archive-*.tgz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close(), os.Remove(archive.Name())) }()
	if err := s.download(ctx, pin, archive); err != nil {
		return err
	}
	wanted := map[string]string{} // name in the archive → file here
	for _, p := range pins {
		if p.SHA512 != pin.SHA512 {
			continue
		}
		for _, f := range p.Files {
			wanted[path.Join(p.Folder, f.Name)] = filepath.Join(s.dir(p), f.Name)
		}
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return unpack(archive, wanted)
}

// url is where the registry has the archive, as the npm registry's API lays it
// out: the last part of the package's name once more, and the version.
func (s *Source) url(p Pin) string {
	return fmt.Sprintf("%s/%s/-/%s-%s.tgz", strings.TrimRight(s.Registry, "/"), p.Package, path.Base(p.Package), p.Version)
}
