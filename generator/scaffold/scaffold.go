// Package scaffold writes a minimal valid fleet into an empty folder: one region
// with one cluster, one environment, one tenant with one model on CPUs, and what a
// repository needs to keep the generated tree honest (Makefile, workflow,
// CODEOWNERS, .gitattributes). A person replaces what is marked and grows it.
//
// The files stand in files/ as they will be, so that they can be read, loaded and
// tested where they are. They are no templates: of their text, only the fleet's
// name, the repository's URL and mlfleet's version are replaced.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/schema"
	"github.com/mlfleet/mlfleet/generator/tree"
)

//go:embed all:files
var files embed.FS

// What stands in files/ where an option goes.
const (
	defaultName       = "my-fleet"
	defaultRepository = "https://github.com/my-org/my-fleet.git"
	defaultVersion    = "latest"
)

// Options are what is known of the new fleet; each may be empty.
type Options struct {
	// Name is the fleet's name: "my-fleet" without it.
	Name string
	// Repository is the URL of the Git repository, as Argo CD knows it.
	Repository string
	// Version is the version of mlfleet that the new repository runs, such as
	// v1.2.3; "latest" without it. Anything else is no version that Go can fetch,
	// and taken for "latest".
	Version string
}

// InTheWayError says that the folder is not as empty as a new fleet needs it.
// Nothing was written.
type InTheWayError struct {
	Dir   string
	Paths []string // sorted, relative to Dir; at least one
}

func (e *InTheWayError) Error() string {
	return fmt.Sprintf("%s is not empty: %s in the way; nothing was written", e.Dir, strings.Join(e.Paths, ", "))
}

// Write writes the fleet into the folder dir, which it makes if it does not
// exist, and returns the paths of the files relative to dir, sorted. It overwrites nothing.
//
// It fails with an [InTheWayError] where one of its files, or a folder of inputs
// or of generated files, is there already; with fleet.Findings where an option
// cannot stand in fleet.yaml; and with an error that is tree.ErrDisk where writing
// fails, after which it has removed what it wrote.
func Write(dir string, options Options) ([]string, error) {
	contents, err := Files(options)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(contents))
	for i, f := range contents {
		paths[i] = f.Path
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, ioError("make", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, ioError("open", dir, err)
	}
	defer root.Close()
	found, err := inTheWay(root, paths)
	if err != nil {
		return nil, ioError("look into", dir, err)
	}
	if len(found) > 0 {
		return nil, &InTheWayError{Dir: dir, Paths: found}
	}
	if err := writeAll(root, contents); err != nil {
		return nil, err
	}
	return paths, nil
}

// Files are the files that Write writes, sorted by path.
func Files(options Options) ([]tree.File, error) {
	replace, err := options.replacer()
	if err != nil {
		return nil, err
	}
	var out []tree.File
	err = fs.WalkDir(files, "files", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		out = append(out, tree.File{
			Path: strings.TrimPrefix(name, "files/"),
			Data: []byte(replace.Replace(string(data))),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the files of a new fleet: %w", err)
	}
	slices.SortFunc(out, func(a, b tree.File) int { return strings.Compare(a.Path, b.Path) })
	return out, checkFleet(out, options)
}

// release is a version that Go's module proxy can serve.
var release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

func (o Options) replacer() (*strings.Replacer, error) {
	version := defaultVersion
	if release.MatchString(o.Version) {
		version = o.Version
	}
	name, repository := o.Name, o.Repository
	if name == "" {
		name = defaultName
	}
	if repository == "" {
		repository = defaultRepository
	}
	if strings.ContainsAny(name+repository, "\r\n") {
		return nil, errors.New("a name or URL of several lines")
	}
	// The URL first: it holds the name.
	return strings.NewReplacer(defaultRepository, repository, defaultName, name, "@"+defaultVersion, "@"+version), nil
}

// checkFleet holds fleet.yaml to the rules, and to the options: YAML that means
// something else than what was given is not written.
func checkFleet(files []tree.File, options Options) error {
	i := slices.IndexFunc(files, func(f tree.File) bool { return f.Path == "fleet.yaml" })
	value, findings := input.Parse("fleet.yaml", files[i].Data)
	if len(findings) > 0 {
		return fmt.Errorf("%s cannot stand in fleet.yaml: %s", subject(options), findings[0].Message)
	}
	rules, err := schema.New()
	if err != nil {
		return fmt.Errorf("reading the rules: %w", err)
	}
	findings, err = rules.Check("#Fleet", value)
	if err != nil {
		return fmt.Errorf("checking fleet.yaml: %w", err)
	}
	if len(findings) > 0 {
		return findings.Sorted()
	}
	for given, at := range map[string][]string{
		options.Name:       {"metadata", "name"},
		options.Repository: {"spec", "repository", "url"},
	} {
		if given != "" && value.At(at...).Text != given {
			return fmt.Errorf("%q cannot stand as %s in fleet.yaml", given, strings.Join(at, "."))
		}
	}
	return nil
}

// subject is what a new fleet.yaml holds that is the user's.
func subject(o Options) string {
	switch {
	case o.Name == "":
		return fmt.Sprintf("the URL %q", o.Repository)
	case o.Repository == "":
		return fmt.Sprintf("the name %q", o.Name)
	}
	return fmt.Sprintf("the name %q or the URL %q", o.Name, o.Repository)
}
