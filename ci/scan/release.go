package scan

import (
	"bufio"
	"bytes"
	"strings"

	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"

	"github.com/mlfleet/mlfleet/ci/rootfs"
)

// detectOS recognises the operating system as Trivy does: Ubuntu by lsb-release, Debian by debian_version (which Ubuntu has too, with
// Debian's name in it), everything else by os-release. Where debian_version is missing, os-release serves for Debian as well.
func (c *collector) detectOS(tree *rootfs.Tree) ftypes.OS {
	if fields := c.assignments(tree, lsbRelease); fields["DISTRIB_ID"] == "Ubuntu" && fields["DISTRIB_RELEASE"] != "" {
		return ftypes.OS{Family: ftypes.Ubuntu, Name: fields["DISTRIB_RELEASE"]}
	}
	release := map[string]string{}
	for _, name := range releaseFiles {
		if release = c.assignments(tree, name); release["ID"] != "" {
			break
		}
	}
	if data := c.content(tree, debianVersion); data != nil && release["ID"] != "ubuntu" {
		line, _, _ := strings.Cut(string(data), "\n")
		if line = strings.TrimSpace(line); line != "" {
			return ftypes.OS{Family: ftypes.Debian, Name: line}
		}
	}
	if release["ID"] == "" {
		return ftypes.OS{}
	}
	return ftypes.OS{Family: ftypes.OSType(release["ID"]), Name: release["VERSION_ID"]}
}

// content gives a kept file of the container, through links.
func (c *collector) content(tree *rootfs.Tree, name string) []byte {
	id, ok := tree.Lookup(name)
	if !ok {
		return nil
	}
	return c.texts[id].data
}

// assignments reads a file of KEY=value lines, quotes stripped (os-release(5)).
func (c *collector) assignments(tree *rootfs.Tree, name string) map[string]string {
	fields := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(c.content(tree, name)))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok {
			fields[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return fields
}

// bucket is where the database keeps a system's advisories: Debian's by major version, Ubuntu's by release.
func bucket(os ftypes.OS) string {
	version := os.Name
	if os.Family == ftypes.Debian {
		version, _, _ = strings.Cut(version, ".")
	}
	return string(os.Family) + " " + version
}
