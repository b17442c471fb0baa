package advisory

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	dbtypes "github.com/aquasecurity/trivy-db/pkg/types"
	debversion "github.com/knqyf263/go-deb-version"
	"golang.org/x/mod/semver"

	"github.com/mlfleet/mlfleet/ci/yamldoc"
)

// APIVersion and Kind open every file of reviewed advisories.
const (
	APIVersion = "mlfleet.dev/v1alpha1"
	Kind       = "Advisories"
)

// File is a file of advisories, each reviewed by a person.
type File struct {
	// Updated is the day on which somebody last looked for new advisories: the age of a database built from the file counts
	// from here. Raising it without looking is a lie that the commit shows.
	Updated    time.Time
	Advisories []Advisory
}

// Advisory is one vulnerability of one package in one ecosystem.
type Advisory struct {
	ID         string   // CVE-… where there is one, as Trivy names it
	Aliases    []string // GHSA-…, GO-…, DSA-…
	Package    string   // a Go module, "stdlib", or a Debian *source* package
	Ecosystem  string   // "go", "debian 12", "ubuntu 22.04"
	Introduced string   // the first bad version; empty: all before Fixed. Go only
	Fixed      string   // the first good version; empty: not fixed. With several branches, the fix of this range's branch
	Severity   string   // unknown, low, medium, high, critical
	Title      string
	URL        string // where it can be read
	Source     string // whose judgement the severity and versions are
	Reviewed   time.Time
	ReviewedBy string
}

var (
	idForm  = regexp.MustCompile(`^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|GO-\d{4}-\d{4,}|TEMP-\d{7}-[0-9A-F]{6})$`)
	osForm  = regexp.MustCompile(`^(debian \d+|ubuntu \d\d\.\d\d)$`)
	urlForm = regexp.MustCompile(`^https://[^\s/]+/\S*$`)
)

// Read reads a file of reviewed advisories. Errors name file, line and column, all of them at once.
func Read(path string) (*File, error) {
	root, err := yamldoc.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading advisories: %w", err)
	}
	return decode(root)
}

func decode(root yamldoc.Node) (*File, error) {
	var f File
	var version, kind string
	seen := map[string]string{}
	err := root.Fields(map[string]yamldoc.Field{
		"apiVersion": yamldoc.Required(yamldoc.OneOf(&version, APIVersion)),
		"kind":       yamldoc.Required(yamldoc.OneOf(&kind, Kind)),
		"updated":    yamldoc.Required(yamldoc.Date(&f.Updated)),
		"advisories": yamldoc.Required(yamldoc.List(func(n yamldoc.Node) error {
			a, err := decodeAdvisory(n)
			if err != nil {
				return err
			}
			key := strings.Join([]string{a.ID, a.Ecosystem, a.Package, a.Introduced}, " ")
			if before, twice := seen[key]; twice {
				return n.Errorf("%s of %s stands at %s already", a.ID, a.Package, before)
			}
			seen[key] = n.At()
			f.Advisories = append(f.Advisories, a)
			return nil
		})),
	})
	if err == nil && len(f.Advisories) == 0 {
		err = root.Errorf("the file holds no advisories: every scan with it would pass")
	}
	if err != nil {
		return nil, err
	}
	return &f, nil
}

func decodeAdvisory(n yamldoc.Node) (Advisory, error) {
	var a Advisory
	err := n.Fields(map[string]yamldoc.Field{
		"id":         yamldoc.Required(matching(&a.ID, idForm, "an identifier (CVE-2024-1234, GHSA-…, GO-…)")),
		"aliases":    yamldoc.List(func(n yamldoc.Node) error { return yamldoc.String(grow(&a.Aliases)).Read(n) }),
		"package":    yamldoc.Required(yamldoc.String(&a.Package)),
		"ecosystem":  yamldoc.Required(ecosystem(&a.Ecosystem)),
		"introduced": yamldoc.String(&a.Introduced),
		"fixed":      yamldoc.String(&a.Fixed),
		"severity":   yamldoc.Required(yamldoc.OneOf(&a.Severity, "unknown", "low", "medium", "high", "critical")),
		"title":      yamldoc.Required(yamldoc.String(&a.Title)),
		"url":        yamldoc.Required(matching(&a.URL, urlForm, "an address (https://…)")),
		"source":     yamldoc.Required(yamldoc.String(&a.Source)),
		"reviewed":   yamldoc.Required(yamldoc.Date(&a.Reviewed)),
		"reviewedBy": yamldoc.Required(yamldoc.String(&a.ReviewedBy)),
	})
	if err != nil {
		return a, err
	}
	return a, a.checkVersions(n)
}

// checkVersions refuses versions that the scanner could not compare: it would skip the advisory silently.
func (a Advisory) checkVersions(n yamldoc.Node) error {
	if a.Ecosystem != goEcosystem && a.Introduced != "" {
		return n.Errorf("introduced: Debian's and Ubuntu's advisories know only the fixed version")
	}
	var all []error
	for field, version := range map[string]string{"introduced": a.Introduced, "fixed": a.Fixed} {
		switch {
		case version == "":
		case a.Ecosystem == goEcosystem && !semver.IsValid("v"+version):
			all = append(all, n.Errorf("%s: %q is no Go version (1.22.7, without v)", field, version))
		case a.Ecosystem != goEcosystem && !debversion.Valid(version):
			all = append(all, n.Errorf("%s: %q is no Debian version", field, version))
		}
	}
	return errors.Join(all...)
}

func matching(into *string, form *regexp.Regexp, what string) yamldoc.Field {
	return yamldoc.Any(func(n yamldoc.Node) error {
		if err := yamldoc.String(into).Read(n); err != nil {
			return err
		}
		if !form.MatchString(*into) {
			return n.Errorf("%s is wanted, this is %q", what, *into)
		}
		return nil
	})
}

func ecosystem(into *string) yamldoc.Field {
	return yamldoc.Any(func(n yamldoc.Node) error {
		if err := yamldoc.String(into).Read(n); err != nil {
			return err
		}
		if *into != goEcosystem && !osForm.MatchString(*into) {
			return n.Errorf("go, debian N or ubuntu NN.NN is wanted, this is %q", *into)
		}
		return nil
	})
}

func grow(list *[]string) *string {
	*list = append(*list, "")
	return &(*list)[len(*list)-1]
}

func (a Advisory) severity() dbtypes.Severity {
	s, _ := dbtypes.NewSeverity(strings.ToUpper(a.Severity)) // OneOf admits only Trivy's words
	return s
}
