package debian

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/renameio/v2"
	"go.yaml.in/yaml/v3"
)

// A Lock names the packages of a base layer, for each architecture.
type Lock struct {
	Suite    string               `yaml:"suite"`    // "bookworm"
	Locked   time.Time            `yaml:"locked"`   // when, UTC; where snapshot.debian.org is asked for what has left the mirrors
	Packages map[string][]Package `yaml:"packages"` // by Debian's name of the architecture, then sorted by name
}

// A Package is one .deb file.
type Package struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	Archive string `yaml:"archive"` // "debian" or "debian-security"
	File    string `yaml:"file"`    // path below the archive, "pool/…"
	SHA256  string `yaml:"sha256"`  // of the file, in hex
	Size    int64  `yaml:"size"`    // of the file, bytes
}

// header says where the file comes from.
const header = `# Written by "mlfleet-ci lock". These Debian packages make the base layer of the
# image where --base is debian. A change here is a change of the image: review
# the versions, and commit it on its own.
`

// ReadLock reads a lock file and checks every field of it.
func ReadLock(file string) (*Lock, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the lock of Debian packages: %w", err)
	}
	var l Lock
	var doc yaml.Node
	if err := errors.Join(yaml.Unmarshal(raw, &doc), decode(raw, &l)); err != nil {
		// The one mistake that the YAML reader tells without its line.
		if _, ok := errors.AsType[*time.ParseError](err); ok {
			return nil, fmt.Errorf("%s:%d: locked is a time like 2026-11-01T12:00:00Z: %w", file, line(&doc, []any{"locked"}), err)
		}
		return nil, inFile(file, err)
	}
	if m := l.check(); m != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, line(&doc, m.path), m)
	}
	return &l, nil
}

// decode reads the one document of a file, in which nothing is unknown.
func decode(raw []byte, l *Lock) error {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(l); errors.Is(err, io.EOF) {
		return errors.New("line 1: the file is empty")
	} else if err != nil {
		return err
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return errors.New("line 1: there is more than one document in it")
	}
	return nil
}

// Write writes the lock file, whole or not at all.
func (l *Lock) Write(file string) error {
	if m := l.check(); m != nil {
		return fmt.Errorf("write the lock of Debian packages %s: %w", file, m)
	}
	var b bytes.Buffer
	b.WriteString(header)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(l), e.Close()); err != nil {
		return fmt.Errorf("write the lock of Debian packages %s: %w", file, err)
	}
	if err := renameio.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the lock of Debian packages: %w", err)
	}
	return nil
}

// For gives the packages of an architecture.
func (l *Lock) For(architecture string) ([]Package, error) {
	if p := l.Packages[architecture]; len(p) > 0 {
		return p, nil
	}
	return nil, fmt.Errorf("the lock has no packages for %s; add them with mlfleet-ci lock", architecture)
}
