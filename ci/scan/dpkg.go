package scan

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	debversion "github.com/knqyf263/go-deb-version"
)

// sourceForm is dpkg's Source field: a name, and a version in brackets where it differs from the package's.
var sourceForm = regexp.MustCompile(`^(\S+)(?:\s+\((.+)\))?$`)

// installed is one package of a dpkg list.
type installed struct {
	ftypes.Package
	depends []string // names, one of which each dependency wants
}

// parseStatus reads var/lib/dpkg/status, or one file of status.d: stanzas in the form of deb822(5). A stanza that cannot be understood is an
// error: skipping it would hide its package.
func parseStatus(data []byte) ([]installed, error) {
	var all []installed
	for number, stanza := range stanzas(data) {
		fields, err := parseStanza(stanza)
		if err != nil {
			return nil, fmt.Errorf("stanza %d: %w", number, err)
		}
		p, err := parsePackage(fields)
		if err != nil {
			return nil, fmt.Errorf("stanza %d (package %q): %w", number, fields["package"], err)
		}
		if p != nil {
			all = append(all, *p)
		}
	}
	return all, nil
}

// stanzas gives the blocks between empty lines, numbered from 1.
func stanzas(data []byte) func(func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		number, block := 0, []string(nil)
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, maxDatabaseFile+1)
		for more := true; more; {
			more = lines.Scan()
			line := strings.TrimRight(lines.Text(), "\r\t ")
			if more && line != "" {
				block = append(block, line)
				continue
			}
			if len(block) == 0 {
				continue
			}
			if number++; !yield(number, block) {
				return
			}
			block = nil
		}
	}
}

// parseStanza gives the fields in lower case; lines that begin with a blank continue the field before.
func parseStanza(lines []string) (map[string]string, error) {
	fields := map[string]string{}
	last := ""
	for _, line := range lines {
		if line[0] == ' ' || line[0] == '\t' {
			if last == "" {
				return nil, fmt.Errorf("it begins with a continued line: %.80q", line)
			}
			fields[last] += "\n" + line
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("a line without a field: %.80q", line)
		}
		last = strings.ToLower(name)
		if _, twice := fields[last]; twice {
			return nil, fmt.Errorf("field %s stands there twice", name)
		}
		fields[last] = strings.TrimSpace(value)
	}
	return fields, nil
}

// parsePackage gives nil for a package that was removed. Its versions are split as Trivy's detectors want them.
func parsePackage(fields map[string]string) (*installed, error) {
	for word := range strings.FieldsSeq(fields["status"]) {
		if word == "deinstall" || word == "purge" {
			return nil, nil
		}
	}
	name, full := fields["package"], fields["version"]
	if name == "" || full == "" {
		// Halfway through an installation a package has no version. Nothing of it is unpacked then.
		if strings.Contains(fields["status"], "not-installed") {
			return nil, nil
		}
		return nil, fmt.Errorf("it has no name or no version")
	}
	source, sourceFull := name, full
	if s := fields["source"]; s != "" {
		m := sourceForm.FindStringSubmatch(s)
		if m == nil {
			return nil, fmt.Errorf("its source %q cannot be read", s)
		}
		source, sourceFull = m[1], cmp.Or(m[2], full)
	}
	v, err := debversion.NewVersion(full)
	if err != nil {
		return nil, fmt.Errorf("its version %q cannot be read: %w", full, err)
	}
	sv, err := debversion.NewVersion(sourceFull)
	if err != nil {
		return nil, fmt.Errorf("its source's version %q cannot be read: %w", sourceFull, err)
	}
	return &installed{depends: parseDepends(fields["depends"]), Package: ftypes.Package{
		ID: name + "@" + full, Name: name, Arch: fields["architecture"], Maintainer: fields["maintainer"],
		Version: v.Version(), Epoch: v.Epoch(), Release: v.Revision(),
		SrcName: source, SrcVersion: sv.Version(), SrcEpoch: sv.Epoch(), SrcRelease: sv.Revision(),
		Repository: ftypes.PackageRepository{Class: repositoryClass(fields["maintainer"])},
	}}, nil
}

// parseDepends gives the names in a Depends field: "libc6 (>= 2.36), debconf | debconf-2.0".
func parseDepends(field string) []string {
	var names []string
	for one := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == ',' || r == '|' }) {
		one, _, _ = strings.Cut(one, "(")
		one, _, _ = strings.Cut(strings.TrimSpace(one), ":")
		if one != "" && !slices.Contains(names, one) {
			names = append(names, one)
		}
	}
	return names
}

// parseMD5Sums gives the paths that a package owns, without leading slash.
func parseMD5Sums(data []byte) []string {
	var owned []string
	for line := range strings.Lines(string(data)) {
		if _, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "  "); ok {
			owned = append(owned, path.Join(".", path.Clean("/" + name)[1:]))
		}
	}
	return owned
}

// repositoryClass tells Debian's and Ubuntu's own packages from those of other makers, whose versions the distribution's advisories do not
// describe. dpkg keeps no origin; the maintainer is the only hint. The list is Trivy's (fanal/analyzer/pkg/dpkg/dpkg.go, v0.74.0,
// Apache-2.0), which cannot be imported without its analyzers; the parity test would show a difference.
func repositoryClass(maintainer string) ftypes.RepositoryClass {
	if maintainer == "GitHub" || maintainer == "HashiCorp" {
		return ftypes.RepositoryClassThirdParty
	}
	if slices.ContainsFunc(thirdParties, func(mark string) bool { return strings.Contains(maintainer, mark) }) {
		return ftypes.RepositoryClassThirdParty
	}
	return ftypes.RepositoryClassOfficial
}

var thirdParties = []string{
	"support@docker.com", "@nvidia.com", "Google Cloud CLI Authors", "sapmachine@sap.com", "@hashicorp.com", "@microsoft.com",
	"@mongodb.com", "developers@lists.mariadb.org", "dev@couchdb.apache.org", "info@elastic.co",
	"nginx-packaging@f5.com", "@konghq.com", "@cloudflare.com",
	"support@influxdb.com", "support@gitlab.com", "contact@grafana.com", "@datadoghq.com",
	"@nodesource.com", "info@tailscale.com", "@openrobotics.org", "@osrfoundation.org",
}
