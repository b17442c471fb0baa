package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// Where packages come from unless something else is set.
const (
	DefaultMirror   = "http://deb.debian.org"
	DefaultSnapshot = "https://snapshot.debian.org/archive"
	MirrorVariable  = "MLFLEET_DEBIAN_MIRROR"
)

// Archive is where packages and their indexes are fetched. What comes from it is
// checked, packages against the lock and indexes against Debian's signature, so
// plain HTTP is as good as any.
type Archive struct {
	// Mirror is the address below which debian/ and debian-security/ lie.
	Mirror string
	// Snapshot is where versions are found that mirrors no longer have, below
	// <archive>/<time>/; "" is nowhere.
	Snapshot string
	// Cache is the folder that keeps packages, by SHA-256.
	Cache string
	// Attempts is how often a file is asked for at each place; 0 is 3.
	Attempts int
	// Wait is the time before the second attempt, doubling; 0 is 1 s.
	Wait   time.Duration
	Client *http.Client // nil is http.DefaultClient
}

// NewArchive is the mirror that the environment names with MLFLEET_DEBIAN_MIRROR
// ("" is Debian's own), with snapshot.debian.org behind it.
func NewArchive(mirror, cache string) *Archive {
	if mirror == "" {
		mirror = DefaultMirror
	}
	return &Archive{Mirror: mirror, Snapshot: DefaultSnapshot, Cache: cache}
}

// Fetch gives a package's file, from the cache, the mirror or the snapshot, and
// never anything but what the lock names.
func (a *Archive) Fetch(ctx context.Context, l *Lock, p Package) ([]byte, error) {
	kept := filepath.Join(a.Cache, p.SHA256+".deb")
	if raw, err := os.ReadFile(kept); err == nil && p.verify(raw) == nil {
		return raw, nil
	}
	var failed []error
	for _, url := range a.places(l, p) {
		raw, err := a.get(ctx, url, p.Size)
		if err == nil {
			err = p.verify(raw)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", url, err))
			continue
		}
		if err := os.MkdirAll(a.Cache, 0o755); err != nil {
			return nil, fmt.Errorf("keep %s: %w", p.Name, err)
		}
		if err := renameio.WriteFile(kept, raw, 0o644); err != nil {
			return nil, fmt.Errorf("keep %s: %w", p.Name, err)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("fetch the Debian package %s %s (name a mirror that can be reached with %s, or lock newer versions with mlfleet-ci lock): %w",
		p.Name, p.Version, MirrorVariable, errors.Join(failed...))
}

// places are the addresses of a package, the likeliest first. A snapshot is
// taken some hours after a mirror changed, so the day after the lock is asked
// for too.
func (a *Archive) places(l *Lock, p Package) []string {
	places := []string{fmt.Sprintf("%s/%s/%s", strings.TrimSuffix(a.Mirror, "/"), p.Archive, p.File)}
	if a.Snapshot != "" {
		for _, at := range []time.Time{l.Locked, l.Locked.Add(24 * time.Hour)} {
			places = append(places, fmt.Sprintf("%s/%s/%s/%s", strings.TrimSuffix(a.Snapshot, "/"), p.Archive, at.UTC().Format("20060102T150405Z"), p.File))
		}
	}
	return places
}

// verify compares a file with what the lock says of it.
func (p Package) verify(raw []byte) error {
	if int64(len(raw)) != p.Size {
		return fmt.Errorf("it has %d bytes, the lock says %d", len(raw), p.Size)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != p.SHA256 {
		return fmt.Errorf("it has sha256 %x, the lock says %s", sum, p.SHA256)
	}
	return nil
}

// errFinal is an answer that another attempt will not change.
type errFinal string

func (e errFinal) Error() string { return string(e) }

// get downloads at most limit bytes, and tries again when the server or the
// connection fails.
func (a *Archive) get(ctx context.Context, url string, limit int64) ([]byte, error) {
	attempts, wait := max(a.Attempts, 1), a.Wait
	if a.Attempts == 0 {
		attempts = 3
	}
	if wait == 0 {
		wait = time.Second
	}
	for attempt := 1; ; attempt++ {
		raw, err := a.once(ctx, url, limit)
		if err != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx) // and not what the server said meanwhile
		}
		if err == nil || attempt == attempts || errors.As(err, new(errFinal)) {
			return raw, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
			wait *= 2
		}
	}
}

func (a *Archive) once(ctx context.Context, url string, limit int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests {
			return nil, errFinal("the server answers " + resp.Status)
		}
		return nil, fmt.Errorf("the server answers %s", resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, errFinal(fmt.Sprintf("it is larger than %d bytes", limit))
	}
	return raw, nil
}
