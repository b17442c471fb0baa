package debian

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Debian's archive keys of the releases that can be locked, as the package
// debian-archive-keyring has them. keys/README.md names them.
//
//go:embed keys/*.asc
var keys embed.FS

// keyring is the keys that may sign a release.
func keyring(suite string) (openpgp.EntityList, error) {
	file := "keys/" + suite + ".asc"
	f, err := keys.Open(file)
	if err != nil {
		return nil, fmt.Errorf("there are no archive keys for the suite %s; add %s from Debian's package debian-archive-keyring: %w", suite, file, err)
	}
	defer f.Close()
	return openpgp.ReadArmoredKeyRing(f)
}

// maxRelease is the most bytes of an InRelease file; Debian's have 150 kB.
const maxRelease = 4 << 20

// release is a suite's list of index files.
type release struct {
	name  string // "bookworm-security"
	date  time.Time
	until time.Time // zero: no end (stable releases have none)
	files map[string]indexFile
}

type indexFile struct {
	sha256 string
	size   int64
}

// release fetches a suite's InRelease and checks that one of Debian's keys for
// the release signed it, and that it has not run out: a mirror, or somebody on
// the way to it, that stands still withholds security updates.
func (a *Archive) release(ctx context.Context, keys openpgp.KeyRing, place string, now time.Time) (*release, error) {
	url := strings.TrimSuffix(a.Mirror, "/") + "/" + place + "/InRelease"
	raw, err := a.get(ctx, url, maxRelease)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	r, err := readRelease(raw, keys, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	// Debian signs many suites with one key.
	if want := path.Base(place); r.name != want {
		return nil, fmt.Errorf("%s: it is the Release of %s, not of %s", url, r.name, want)
	}
	return r, nil
}

func readRelease(raw []byte, keys openpgp.KeyRing, now time.Time) (*release, error) {
	block, _ := clearsign.Decode(raw)
	if block == nil {
		return nil, errors.New("it carries no signature")
	}
	if _, err := block.VerifySignature(keys, &packet.Config{Time: func() time.Time { return now }}); err != nil {
		return nil, fmt.Errorf("none of Debian's keys for this release signed it: %w", err)
	}
	// Only what was signed is read; text around it is anybody's.
	r, err := parseRelease(block.Plaintext)
	if err != nil {
		return nil, err
	}
	if !r.until.IsZero() && now.After(r.until) {
		return nil, fmt.Errorf("it ran out at %s: the mirror is stale, choose another with %s", r.until.Format(time.RFC3339), MirrorVariable)
	}
	return r, nil
}

func parseRelease(text []byte) (*release, error) {
	r := &release{files: map[string]indexFile{}}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, " ") {
			key, value, _ := strings.Cut(line, ":")
			section = key
			if err := r.field(key, strings.TrimSpace(value)); err != nil {
				return nil, err
			}
			continue
		}
		if section != "SHA256" {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("the line %q is not hash, size and name", line)
		}
		size, err := strconv.ParseInt(f[1], 10, 64)
		if sum, bad := hex.DecodeString(f[0]); err != nil || bad != nil || len(sum) != sha256.Size || size < 0 {
			return nil, fmt.Errorf("the line %q is not hash, size and name", line)
		}
		r.files[f[2]] = indexFile{f[0], size}
	}
	if r.date.IsZero() || len(r.files) == 0 {
		return nil, errors.New("it has no date or names no files by SHA-256")
	}
	return r, nil
}

func (r *release) field(key, value string) error {
	var err error
	switch key {
	case "Codename":
		r.name = value
	case "Date":
		r.date, err = mail.ParseDate(value)
	case "Valid-Until":
		r.until, err = mail.ParseDate(value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// maxIndex is the most bytes of a compressed index; bookworm's main has 9 MB.
const maxIndex = 64 << 20

// index fetches the index of an architecture's packages and checks it against
// the release.
func (a *Archive) index(ctx context.Context, place string, r *release, architecture string) ([]byte, error) {
	name := "main/binary-" + architecture + "/Packages.xz"
	want, ok := r.files[name]
	if !ok {
		return nil, fmt.Errorf("%s has no %s: is %s an architecture of Debian's?", place, name, architecture)
	}
	// By hash, so that a mirror in the middle of an update gives both or neither.
	url := strings.TrimSuffix(a.Mirror, "/") + "/" + place + "/main/binary-" + architecture + "/by-hash/SHA256/" + want.sha256
	raw, err := a.get(ctx, url, min(want.size, maxIndex))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if err := (Package{SHA256: want.sha256, Size: want.size}).verify(raw); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	unpacked, err := decompressed(member{name: name, body: raw})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(io.TeeReader(unpacked, &budget{bytes: maxUnpacked})); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return plain.Bytes(), nil
}
