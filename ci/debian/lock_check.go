package debian

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	// Debian Policy 5.6.1 and 5.6.12: names and versions. The dot-dot in a name
	// cannot happen, as it may not begin with a dot and no slash is allowed.
	packageName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	packageVersion = regexp.MustCompile(`^[0-9][A-Za-z0-9.+:~-]*$`)
	suiteName      = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
)

// A mistake is what is wrong in a lock, and where: names of fields, and numbers
// of list elements from 0.
type mistake struct {
	path []any
	err  error
}

func (m *mistake) Error() string { return m.err.Error() }
func (m *mistake) Unwrap() error { return m.err }

func wrong(field, format string, args ...any) *mistake {
	return &mistake{[]any{field}, fmt.Errorf(format, args...)}
}

// check finds the first mistake, nil where there is none.
func (l *Lock) check() *mistake {
	switch {
	case !suiteName.MatchString(l.Suite):
		return wrong("suite", "suite %q is not a Debian release's code name", l.Suite)
	case l.Locked.IsZero():
		return wrong("locked", "locked is missing: the time when the packages were looked up")
	case len(l.Packages) == 0:
		return wrong("packages", "it names no packages")
	}
	for _, architecture := range slices.Sorted(maps.Keys(l.Packages)) {
		at := []any{"packages", architecture}
		packages := l.Packages[architecture]
		if !suiteName.MatchString(architecture) {
			return &mistake{at, fmt.Errorf("%q is not an architecture", architecture)}
		}
		if len(packages) == 0 {
			return &mistake{at, fmt.Errorf("%s has no packages", architecture)}
		}
		for i, p := range packages {
			if m := p.check(); m != nil {
				return &mistake{slices.Concat(at, []any{i}, m.path), fmt.Errorf("%s, package %d (%s): %w", architecture, i+1, p.Name, m)}
			}
			if i > 0 && packages[i-1].Name >= p.Name {
				return &mistake{append(at, i, "name"),
					fmt.Errorf("%s: %s after %s: the packages are not sorted by name, each once", architecture, p.Name, packages[i-1].Name)}
			}
		}
	}
	return nil
}

func (p Package) check() *mistake {
	switch {
	case !packageName.MatchString(p.Name):
		return wrong("name", "%q is not a package's name", p.Name)
	case !packageVersion.MatchString(p.Version):
		return wrong("version", "%q is not a version", p.Version)
	case p.Archive != "debian" && p.Archive != "debian-security":
		return wrong("archive", "archive %q is neither debian nor debian-security", p.Archive)
	case !strings.HasPrefix(p.File, "pool/") || !fs.ValidPath(p.File) || path.Ext(p.File) != ".deb":
		return wrong("file", "file %q is no .deb below pool/", p.File)
	case p.Size <= 0 || p.Size > maxPackage:
		return wrong("size", "size %d is not between 1 and %d", p.Size, maxPackage)
	}
	if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != 32 || p.SHA256 != strings.ToLower(p.SHA256) {
		return wrong("sha256", "sha256 %q is not 64 hex digits", p.SHA256)
	}
	return nil
}

// line is where a path leads in a document, or as far as it goes: what is
// missing is told at what it is missing from.
func line(n *yaml.Node, path []any) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range path {
		next := n
		switch step := step.(type) {
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
			}
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = n.Content[i+1]
				}
			}
		}
		if next == n {
			break
		}
		n = next
	}
	return max(n.Line, 1)
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// inFile gives the mistakes that the YAML reader found the form that ours have.
func inFile(file string, err error) error {
	var all []error
	seen := map[string]bool{}
	for text := range strings.Lines(err.Error()) {
		found := yamlLine.FindStringSubmatchIndex(text)
		if found == nil {
			continue // "unmarshal errors:", a heading
		}
		n, bad := strconv.Atoi(text[found[2]:found[3]])
		mistake := fmt.Sprintf("%s:%d: %s", file, n, strings.TrimSpace(text[found[1]:]))
		if bad == nil && !seen[mistake] {
			seen[mistake] = true
			all = append(all, errors.New(mistake))
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("%s:1: %w", file, err)
	}
	return errors.Join(all...)
}
