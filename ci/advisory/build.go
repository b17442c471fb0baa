package advisory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	trivydb "github.com/aquasecurity/trivy-db/pkg/db"
	dbtypes "github.com/aquasecurity/trivy-db/pkg/types"
	bolt "go.etcd.io/bbolt"
)

const goEcosystem = "go"

// Build replaces the database in dir by one made of reviewed advisories. The same file gives the same answers as Trivy's own database
// would for these advisories: Go modules and the standard library by module, Debian and Ubuntu by source package.
// now is the time that it says it came to this machine; its age counts from [File.Updated].
//
// Errors: [ErrInUse] while a database is open.
func Build(dir string, file *File, now time.Time) (Metadata, error) {
	if !open.TryLock() {
		return Metadata{}, fmt.Errorf("building a vulnerability database in %s: %w: close it first", dir, ErrInUse)
	}
	defer open.Unlock()
	metadata, err := install(dir, func(staging string) (Metadata, error) {
		return Metadata{
			Version:      trivydb.SchemaVersion,
			UpdatedAt:    file.Updated,
			NextUpdate:   file.Updated.Add(24 * time.Hour),
			DownloadedAt: now.UTC(),
		}, fill(staging, file)
	})
	if err != nil {
		return Metadata{}, fmt.Errorf("building a vulnerability database in %s: %w", dir, err)
	}
	return metadata, nil
}

func fill(staging string, file *File) (err error) {
	if err := trivydb.Init(staging); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trivydb.Close()) }()
	db := trivydb.Config{}
	return db.BatchUpdate(func(tx *bolt.Tx) error {
		for _, group := range grouped(file.Advisories) {
			if err := put(db, tx, group); err != nil {
				return fmt.Errorf("%s of %s: %w", group[0].ID, group[0].Package, err)
			}
		}
		return vulnerabilities(db, tx, file.Advisories)
	})
}

// grouped puts the ranges of one vulnerability in one package together: Trivy's database has one record for them.
func grouped(advisories []Advisory) [][]Advisory {
	sorted := slices.SortedFunc(slices.Values(advisories), func(a, b Advisory) int {
		return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Package, b.Package), cmp.Compare(a.ID, b.ID))
	})
	var groups [][]Advisory
	for _, a := range sorted {
		if last := len(groups) - 1; last >= 0 && groups[last][0].same(a) {
			groups[last] = append(groups[last], a)
			continue
		}
		groups = append(groups, []Advisory{a})
	}
	return groups
}

func (a Advisory) same(b Advisory) bool {
	return a.Ecosystem == b.Ecosystem && a.Package == b.Package && a.ID == b.ID
}

func put(db trivydb.Config, tx *bolt.Tx, group []Advisory) error {
	a := group[0]
	bucket, source := a.bucket()
	if err := db.PutDataSource(tx, bucket, source); err != nil {
		return err
	}
	if err := db.PutAdvisory(tx, []string{bucket, a.Package}, a.ID, record(group)); err != nil {
		return err
	}
	return db.PutVulnerabilityID(tx, a.ID)
}

// record spells the ranges as Trivy's comparers want them.
func record(group []Advisory) dbtypes.Advisory {
	a := group[0]
	record := dbtypes.Advisory{VendorIDs: a.Aliases}
	if a.Ecosystem != goEcosystem {
		record.FixedVersion = a.Fixed
		record.Severity = a.severity()
		record.Status = dbtypes.StatusFixed
		if a.Fixed == "" {
			record.Status = dbtypes.StatusAffected
		}
		return record
	}
	for _, a := range group {
		low := cmp.Or(a.Introduced, "0")
		if a.Fixed == "" {
			record.VulnerableVersions = append(record.VulnerableVersions, ">="+low)
			continue
		}
		record.VulnerableVersions = append(record.VulnerableVersions, fmt.Sprintf(">=%s, <%s", low, a.Fixed))
		record.PatchedVersions = append(record.PatchedVersions, a.Fixed)
	}
	return record
}

// bucket names where Trivy's detectors look, and the source that they quote. Severities are chosen by source.
func (a Advisory) bucket() (string, dbtypes.DataSource) {
	switch family, _, _ := strings.Cut(a.Ecosystem, " "); family {
	case "debian":
		return a.Ecosystem, dbtypes.DataSource{
			ID: "debian", Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker",
		}
	case "ubuntu":
		return a.Ecosystem, dbtypes.DataSource{
			ID: "ubuntu", Name: "Ubuntu CVE Tracker", URL: "https://git.launchpad.net/ubuntu-cve-tracker",
		}
	}
	// Trivy takes the standard library and golang.org/x from Go's own database, everything else from GitHub's.
	if a.Package == "stdlib" || strings.HasPrefix(a.Package, "golang.org/x/") {
		return "go::The Go Vulnerability Database", dbtypes.DataSource{
			ID: "govulndb", Name: "The Go Vulnerability Database", URL: "https://pkg.go.dev/vuln/",
		}
	}
	return "go::GitHub Security Advisory Go", dbtypes.DataSource{
		ID: "ghsa", Name: "GitHub Security Advisory Go", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Ago",
	}
}

// vulnerabilities writes what is told about each identifier, once, with every source's severity: one identifier may stand in several
// ecosystems. Trivy shows the advisory's own source's severity, so the order does not matter.
func vulnerabilities(db trivydb.Config, tx *bolt.Tx, advisories []Advisory) error {
	byID := map[string]*dbtypes.Vulnerability{}
	for _, a := range advisories {
		v := byID[a.ID]
		if v == nil {
			v = &dbtypes.Vulnerability{Title: a.Title, VendorSeverity: dbtypes.VendorSeverity{}}
			byID[a.ID] = v
		}
		_, source := a.bucket()
		v.VendorSeverity[source.ID] = max(v.VendorSeverity[source.ID], a.severity())
		if !slices.Contains(v.References, a.URL) {
			v.References = append(v.References, a.URL)
		}
	}
	for id, v := range byID {
		v.Severity = worst(v.VendorSeverity).String()
		if err := db.PutVulnerability(tx, id, *v); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

func worst(of dbtypes.VendorSeverity) dbtypes.Severity {
	var w dbtypes.Severity
	for _, s := range of {
		w = max(w, s)
	}
	return w
}
