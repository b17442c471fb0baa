package advisory_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/advisory"
)

const fileHead = "apiVersion: mlfleet.dev/v1alpha1\nkind: Advisories\nupdated: 2026-11-23\nadvisories:\n"

func one(change ...string) string {
	text := `- id: CVE-2022-32149
  package: golang.org/x/text
  ecosystem: go
  fixed: 0.3.8
  severity: high
  title: a title
  url: https://example.com/
  source: somebody
  reviewed: 2026-11-23
  reviewedBy: somebody
`
	return strings.NewReplacer(change...).Replace(text)
}

func TestReadMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"identifier":  {one("CVE-2022-32149", "CVE-22"), ":5:7: an identifier"},
		"ecosystem":   {one("ecosystem: go", "ecosystem: bookworm"), ":7:14: go, debian N or ubuntu NN.NN is wanted"},
		"go version":  {one("0.3.8", "v0.3.8"), `fixed: "v0.3.8" is no Go version`},
		"deb version": {one("ecosystem: go", "ecosystem: debian 12", "0.3.8", "x"), `fixed: "x" is no Debian version`},
		"introduced":  {one("ecosystem: go", "ecosystem: debian 12\n  introduced: 0.1"), "know only the fixed version"},
		"severity":    {one("high", "terrible"), ":9:13: one of unknown, low"},
		"no url":      {one("  url: https://example.com/\n", ""), `:5:3: field "url" is missing`},
		"plain http":  {one("https:", "http:"), "an address (https://…) is wanted"},
		"no reviewer": {one("  reviewedBy: somebody\n", ""), `field "reviewedBy" is missing`},
		"twice":       {one() + one(), ":15:3: CVE-2022-32149 of golang.org/x/text stands at"},
		"none":        {"  []\n", "every scan with it would pass"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.yaml")
			write(t, path, []byte(fileHead+c.text))
			if _, err := advisory.Read(path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
