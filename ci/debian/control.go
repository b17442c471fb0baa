package debian

import (
	"errors"
	"fmt"
	"strings"
)

// paragraph reads a control paragraph (Debian Policy 5.1) for the named fields,
// "" where it has none. It fails on a field that is there twice and on a second
// paragraph: of those, scanners and dpkg would each read another.
func paragraph(control string, names ...string) (map[string]string, error) {
	fields, seen := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(strings.TrimRight(control, "\n")) {
		line = strings.TrimRight(line, "\n")
		if strings.TrimSpace(line) == "" {
			return nil, errors.New("a second paragraph follows")
		}
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			continue // of a field that no one here asks for
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r") {
			return nil, fmt.Errorf("%.60q is no field", line)
		}
		lower := strings.ToLower(name) // "Field names are not case-sensitive"
		if seen[lower] {
			return nil, fmt.Errorf("the field %s is there twice", name)
		}
		seen[lower] = true
		for _, wanted := range names {
			if strings.EqualFold(wanted, name) {
				fields[wanted] = strings.TrimSpace(value)
			}
		}
	}
	return fields, nil
}
