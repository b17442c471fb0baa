package reference

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const howToReadObjects = `How to read this page:

- Every kind of object in ` + "`golden/`" + ` has a section.
- "In" are the files that hold objects of the kind. A file below ` + "`base/`" + ` has what all clusters share,
  one below ` + "`overlays/<cluster>/`" + ` what only that cluster has. What a base and its overlay build to
  stands in ` + "`golden/manifests/<cluster>/`" + `, and is what will run.
- "Built by" are the Go functions to read, or to change.
- "Shaped by" are the fields of the inputs that changed objects of this kind when they were
  changed in the sample fleet. Each is a link to what it may hold, and to what else it shapes.
- A map that always has to be there is not among them, but its fields are.
- A field that decides which clusters there are, or which tenants are in them, is among those of the
  objects that say so, not of all that such a cluster or tenant consists of.
- The sample fleet shows every kind at least once. "Example" is the first file that has one.
`

func (s *Survey) objectsPage() (string, error) {
	var b strings.Builder
	var errs []error
	b.WriteString(generated + "# Objects\n\n" + howToReadObjects)
	for _, k := range s.objectKinds() {
		section, err := s.objectSection(k)
		errs = append(errs, err)
		b.WriteString(section)
	}
	return b.String(), errors.Join(errs...)
}

func (s *Survey) objectSection(k Kind) (string, error) {
	if len(s.Builders[k]) == 0 {
		return "", fmt.Errorf("no line of %s builds the %s that golden/ holds", strings.Join(lists, ", "), k.Kind)
	}
	var b strings.Builder
	files, example := s.files(k)
	fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n- In: %s\n- Example: [%s](../../%s)\n", s.title(k), k.APIVersion, strings.Join(files, ", "), example, example)
	var built []string
	for _, builder := range s.Builders[k] {
		built = append(built, fmt.Sprintf("[%s](../../%s)", builder.Name, builder.File))
	}
	fmt.Fprintf(&b, "- Built by: %s\n", strings.Join(built, ", "))
	shapers := s.shapers(k)
	if len(shapers) == 0 {
		b.WriteString("- Shaped by: no field; it is the same in every fleet\n")
		return b.String(), nil
	}
	b.WriteString("- Shaped by:\n")
	for _, in := range s.Inputs {
		var fields []string
		for _, e := range shapers[in.Page] {
			fields = append(fields, fmt.Sprintf("[`%s`](%s)", e.Name(), link(in.Page+".md", e.Field)))
		}
		if len(fields) > 0 {
			fmt.Fprintf(&b, "  - %s: %s\n", in.Kind, strings.Join(fields, ", "))
		}
	}
	return b.String(), nil
}

// files are the patterns of the files that hold a kind, and the first file.
func (s *Survey) files(k Kind) (patterns []string, example string) {
	for _, h := range s.golden {
		if (Kind{h.object.APIVersion, h.object.Kind}) != k || example != "" && strings.HasPrefix(h.file, "golden/manifests/") {
			continue
		}
		if example == "" {
			example = h.file
		}
		if p := "`" + pattern(h.file) + "`"; !slices.Contains(patterns, p) {
			patterns = append(patterns, p)
		}
	}
	return patterns, example
}
