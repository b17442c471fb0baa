package debian

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	version "github.com/knqyf263/go-deb-version"
	"golang.org/x/sync/errgroup"
)

// Lock looks up the newest versions of packages in a suite, its updates and its
// security updates, at a time. Only signed indexes are believed.
func (a *Archive) Lock(ctx context.Context, suite string, now time.Time, architectures, packages []string) (*Lock, error) {
	keys, err := keyring(suite)
	if err != nil {
		return nil, fmt.Errorf("lock Debian packages: %w", err)
	}
	return a.lock(ctx, keys, suite, now, architectures, packages)
}

func (a *Archive) lock(ctx context.Context, keys openpgp.KeyRing, suite string, now time.Time, architectures, packages []string) (*Lock, error) {
	l := &Lock{Suite: suite, Locked: now.UTC().Truncate(time.Second), Packages: map[string][]Package{}}
	found := map[string]map[string]Package{}
	for _, architecture := range architectures {
		found[architecture] = map[string]Package{}
	}
	for _, s := range []struct{ archive, place string }{
		{"debian", "debian/dists/" + suite},
		{"debian", "debian/dists/" + suite + "-updates"},
		{"debian-security", "debian-security/dists/" + suite + "-security"},
	} {
		r, err := a.release(ctx, keys, s.place, now)
		if err != nil {
			return nil, fmt.Errorf("lock Debian packages: %w", err)
		}
		indexes := make([][]byte, len(architectures))
		g, ctx := errgroup.WithContext(ctx)
		for i, architecture := range architectures {
			g.Go(func() (err error) {
				indexes[i], err = a.index(ctx, s.place, r, architecture)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, fmt.Errorf("lock Debian packages: %w", err)
		}
		for i, architecture := range architectures {
			if err := newest(found[architecture], indexes[i], s.archive, packages); err != nil {
				return nil, fmt.Errorf("lock Debian packages: %s, %s: %w", s.place, architecture, err)
			}
		}
	}
	for architecture, byName := range found {
		for _, name := range packages {
			p, ok := byName[name]
			if !ok {
				return nil, fmt.Errorf("lock Debian packages: %s has no package %s for %s", suite, name, architecture)
			}
			l.Packages[architecture] = append(l.Packages[architecture], p)
		}
		slices.SortFunc(l.Packages[architecture], func(a, b Package) int { return cmp.Compare(a.Name, b.Name) })
	}
	if m := l.check(); m != nil {
		return nil, fmt.Errorf("lock Debian packages: %w", m)
	}
	return l, nil
}

// newest takes the packages that are wanted from an index, where they are newer
// than what was found before.
func newest(found map[string]Package, index []byte, archive string, wanted []string) error {
	for text := range bytes.SplitSeq(index, []byte("\n\n")) {
		// An index begins each with this field, and has 60,000 of them.
		first, _, _ := bytes.Cut(text, []byte("\n"))
		name, ok := strings.CutPrefix(string(first), "Package: ")
		if !ok || !slices.Contains(wanted, name) {
			continue
		}
		f, err := paragraph(string(text), "Package", "Version", "Filename", "SHA256", "Size")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		size, err := strconv.ParseInt(f["Size"], 10, 64)
		if err != nil {
			return fmt.Errorf("%s: its size: %w", name, err)
		}
		p := Package{
			Name: name, Version: f["Version"], Archive: archive,
			File: f["Filename"], SHA256: strings.ToLower(f["SHA256"]), Size: size,
		}
		if m := p.check(); m != nil {
			return fmt.Errorf("%s: %w", name, m)
		}
		newer, err := p.newer(found[name])
		if err != nil {
			return err
		}
		if newer {
			found[name] = p
		}
	}
	return nil
}

// newer compares versions as dpkg does.
func (p Package) newer(than Package) (bool, error) {
	if than.Version == "" {
		return true, nil
	}
	a, err := version.NewVersion(p.Version)
	if err != nil {
		return false, fmt.Errorf("%s: version %q: %w", p.Name, p.Version, err)
	}
	b, err := version.NewVersion(than.Version)
	if err != nil {
		return false, fmt.Errorf("%s: version %q: %w", p.Name, than.Version, err)
	}
	return a.GreaterThan(b), nil
}
