package reference

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference")

const root, folder = "../../..", "../../../docs/reference"

// The pages say what the schemas say and what the generator does.
func TestReferenceIsCurrent(t *testing.T) {
	survey, err := Make(os.DirFS(root))
	if survey == nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Error(err)
	}
	pages, err := survey.Pages()
	if err != nil {
		t.Error(err)
	}
	if len(pages) < len(kinds)+3 {
		t.Fatalf("%d pages", len(pages))
	}
	for name, page := range pages {
		file := filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(file, page, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, page) {
			t.Errorf("docs/reference/%s is stale: run \"make reference\" and commit it (%v)", name, err)
		}
	}
}

// Every page of the folder is one that is made, and every link in it leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob(folder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]map[string]bool{}
	for _, file := range files {
		headings[filepath.Base(file)] = headingsOf(t, file)
	}
	links := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(data), -1) {
			links++
			target, heading, _ := strings.Cut(match[1], "#")
			if _, err := os.Stat(filepath.Join(folder, target)); err != nil {
				t.Errorf("%s: a link to %s, which is not there", filepath.Base(file), target)
			}
			if heading != "" && !headings[target][heading] {
				t.Errorf("%s: a link to %s, and %s has no such heading", filepath.Base(file), match[1], target)
			}
		}
	}
	if links < 500 {
		t.Errorf("only %d links were seen", links)
	}
}

func headingsOf(t *testing.T, file string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			name := anchor(strings.Trim(strings.TrimSpace(title), "`"))
			if out[name] {
				t.Errorf("%s has two headings #%s", file, name)
			}
			out[name] = true
		}
	}
	return out
}

// The page of objects tells which fields shape a kind, and none that only stand beside
// those, or that decide which clusters and tenants there are.
func TestObjectsAreShapedByTheirFields(t *testing.T) {
	data, err := os.ReadFile(folder + "/objects.md")
	if err != nil {
		t.Fatal(err)
	}
	shapers := map[string][]string{} // by kind: links to fields
	for section := range strings.SplitSeq(string(data), "\n## ") {
		kind, text, _ := strings.Cut(section, "\n")
		for _, match := range regexp.MustCompile(`\]\((\w+\.md#\w+)\)`).FindAllStringSubmatch(text, -1) {
			shapers[kind] = append(shapers[kind], match[1])
		}
	}
	for kind, fields := range map[string]struct{ shape, beside []string }{
		"AlertmanagerConfig": {
			[]string{"tenant.md#specownersalertspagerduty"},
			[]string{"tenant.md#specquota", "tenant.md#specplacementregions", "images.md#metadataname", "region.md#specclusters"},
		},
		"ApplicationSet": {
			[]string{"tenant.md#specplacementregions", "region.md#specclusters", "environment.md#specrolloutmaxupdate"},
			[]string{"tenant.md#specquota", "environment.md#speclimits"},
		},
		"DNSEndpoint": {
			[]string{"model.md#specexposedns", "environment.md#spectrafficdomain"},
			[]string{"environment.md#specrollout", "environment.md#speclimits", "region.md#specclustersargocd"},
		},
		"HTTPRoute": {[]string{"model.md#specexpose", "model.md#speccanaryheader"}, []string{"tenant.md#specquota"}},
		"NodePool": {
			[]string{"region.md#specclustersautoscaler", "region.md#specclustersgpupoolsmaxnodes"},
			[]string{"region.md#specclustersingress", "region.md#specclustersargocd", "region.md#specclustersendpoints", "region.md#specclustersobservability"},
		},
		"PrometheusRule": {[]string{"environment.md#spectiersnamedefaults"}, []string{"environment.md#spectiersnamequota"}},
		"ResourceQuota":  {[]string{"tenant.md#specquotagpus"}, []string{"tenant.md#specquota", "region.md#specclustersendpoints"}},
		"ServiceMonitor": {[]string{"region.md#specclustersobservabilityrelease"}, []string{"tenant.md#specquota"}},
		"VirtualService": {[]string{"model.md#speccanaryheader", "model.md#speccanaryweight"}, []string{"tenant.md#specquota"}},
	} {
		for _, field := range fields.shape {
			if !slices.Contains(shapers[kind], field) {
				t.Errorf("%s is not shaped by %s", kind, field)
			}
		}
		for _, field := range fields.beside {
			if slices.Contains(shapers[kind], field) {
				t.Errorf("%s is shaped by %s, which only stands beside what shapes it", kind, field)
			}
		}
	}
}
