package parity_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	dbtypes "github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy/pkg/commands/artifact"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/flag"
	"github.com/aquasecurity/trivy/pkg/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy logs there
	os.Exit(m.Run())
}

// TestBuiltImage has the image that ships, as it is built from this working tree.
func TestBuiltImage(t *testing.T) {
	built, err := image.Build{
		Root: "../..", AllowDirty: true, Architectures: []string{runtime.GOARCH}, Cache: "../.cache",
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the image is %s, from %s", built.Digest, built.Metadata.Tag())
	same(t, built.Images[0].Image, 10)
}

func TestVulnerableImage(t *testing.T) {
	same(t, testimage.Vulnerable(t), 3)
}

// TestDebianImage has what tells two implementations apart: a classic package list that a later layer replaces, epochs, tildes, source
// packages with other versions, removed and third-party packages, a Go program that a package owns, one that was deleted, and secrets.
func TestDebianImage(t *testing.T) {
	program := testimage.Binary(t)
	key := "AKIA" + "QZ7NV4XJLB2MWC3T" // in two parts, so that this file holds no secret
	old := strings.Join([]string{
		testimage.Stanza("libc6", "2.36-9+deb12u13", "Source: glibc\n"),
		testimage.Stanza("libssl3", "3.0.11-1~deb12u2", "Source: openssl\n"),
	}, "\n")
	img := testimage.Image(t,
		testimage.Layer(t, append(testimage.Debian()[:3], testimage.Regular("var/lib/dpkg/status", old))...),
		testimage.Layer(t,
			testimage.Program("usr/bin/owned", program), testimage.Program("usr/bin/deleted", program), testimage.Program("opt/app", program),
			testimage.Regular("var/lib/dpkg/info/owner.md5sums", "00000000000000000000000000000000  usr/bin/owned\n"),
			testimage.Regular("var/lib/dpkg/status", old+"\n"+testimage.Stanza("owner", "1.0-1", "")),
			testimage.Regular("root/key.txt", "aws_access_key_id = "+key+"\n")),
		testimage.Layer(t,
			testimage.Regular("usr/bin/.wh.deleted", ""), testimage.Regular("root/.wh.key.txt", ""),
			testimage.Regular("var/lib/dpkg/status", debianList())))
	same(t, img, 12)
}

func debianList() string {
	removed := strings.Replace(testimage.Stanza("removed", "1.0-1", ""), "install ok installed", "deinstall ok config-files", 1)
	cuda := strings.Replace(testimage.Stanza("cuda-cudart-12-6", "12.6.77-1", ""), "packages@lists.debian.org", "cudatools@nvidia.com", 1)
	return strings.Join([]string{
		testimage.Stanza("libc6", "2.36-9+deb12u13", "Source: glibc\nDepends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~) | other\n"),
		testimage.Stanza("libc-bin", "2.36-9+deb12u13", "Source: glibc\n"),
		testimage.Stanza("libssl3", "3.0.11-1~deb12u2", "Source: openssl\n"),
		testimage.Stanza("zlib1g", "1:1.2.13.dfsg-1", "Source: zlib\n"),
		testimage.Stanza("libcrypt1", "1:4.4.33-2", "Source: libxcrypt\n"),
		testimage.Stanza("libstdc++6", "12.2.0-14+deb12u1", "Source: gcc-12\n"),
		testimage.Stanza("login", "1:4.13+dfsg1-1+b1", "Source: shadow (1:4.13+dfsg1-1)\n"),
		testimage.Stanza("owner", "1.0-1", ""),
		removed, cuda,
	}, "\n")
}

// advisories are the repository's own, and for every source package of the image made-up ones around its version: mended before, at, and
// after it, with an epoch, with a tilde, and never.
func advisories(t *testing.T) *advisory.File {
	t.Helper()
	file, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for source, version := range map[string]string{
		"glibc": "2.36-9+deb12u13", "openssl": "3.0.11-1~deb12u2", "zlib": "1:1.2.13.dfsg-1", "libxcrypt": "1:4.4.33-2",
		"gcc-12": "12.2.0-14+deb12u1", "shadow": "1:4.13+dfsg1-1", "owner": "1.0-1", "removed": "1.0-1", "cuda-cudart-12-6": "12.6.77-1",
	} {
		for _, fixed := range []string{"", version, version + "+b1", version + "~", version + "~rc1", "9:" + strings.TrimPrefix(version, "1:"), "0.1"} {
			number++
			file.Advisories = append(file.Advisories, advisory.Advisory{
				ID: fmt.Sprintf("CVE-2099-%04d", number), Package: source, Ecosystem: "debian 12", Fixed: fixed,
				Severity: []string{"unknown", "low", "medium", "high", "critical"}[number%5], Title: "made up", URL: "https://example.com/",
			})
		}
	}
	return file
}

// same scans an image both ways and compares; at least so many findings must there be, so that two empty lists do not pass.
func same(t *testing.T, img v1.Image, least int) {
	t.Helper()
	cache := t.TempDir()
	if _, err := advisory.Build(filepath.Join(cache, "db"), advisories(t), now); err != nil {
		t.Fatal(err)
	}
	theirs, mine := whole(t, cache, img), ours(t, cache, img)
	if len(mine) < least {
		t.Errorf("only %d findings, at least %d are seeded:\n%s", len(mine), least, strings.Join(mine, "\n"))
	}
	for _, line := range mine {
		if !slices.Contains(theirs, line) {
			t.Errorf("only we find       %s", line)
		}
	}
	for _, line := range theirs {
		if !slices.Contains(mine, line) {
			t.Errorf("only Trivy finds   %s", line)
		}
	}
	t.Logf("both find the same %d vulnerabilities and secrets", len(mine))
}

func ours(t *testing.T, cache string, img v1.Image) []string {
	t.Helper()
	db, err := advisory.Open(filepath.Join(cache, "db"), now, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := scan.Image(t.Context(), img, db, scan.Options{Name: "example.com/server:test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return found(r.Report.Results)
}

// whole calls Trivy as its command line does: runner, image scan, filter. All that it can ask a network is off.
func whole(t *testing.T, cache string, img v1.Image) []string {
	t.Helper()
	input := filepath.Join(t.TempDir(), "image")
	index, err := layout.Write(input, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := index.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	options := flag.Options{
		AppVersion:           "0.74.0",
		GlobalOptions:        flag.GlobalOptions{CacheDir: cache, Quiet: true, Timeout: time.Minute},
		CacheOptions:         flag.CacheOptions{CacheBackend: "memory"},
		DBOptions:            flag.DBOptions{SkipDBUpdate: true, SkipJavaDBUpdate: true, NoProgress: true},
		ImageOptions:         flag.ImageOptions{Input: input},
		PackageOptions:       flag.PackageOptions{PkgTypes: types.PkgTypes, PkgRelationships: ftypes.Relationships},
		VulnerabilityOptions: flag.VulnerabilityOptions{SkipVEXRepoUpdate: true, VulnSeveritySources: []dbtypes.SourceID{"auto"}},
		ReportOptions: flag.ReportOptions{Severities: []dbtypes.Severity{
			dbtypes.SeverityUnknown, dbtypes.SeverityLow, dbtypes.SeverityMedium, dbtypes.SeverityHigh, dbtypes.SeverityCritical,
		}},
		ScanOptions: flag.ScanOptions{
			OfflineScan: true, SkipVersionCheck: true, DisableTelemetry: true, Parallel: 1,
			Scanners:          types.Scanners{types.VulnerabilityScanner, types.SecretScanner},
			DetectionPriority: ftypes.PriorityPrecise,
		},
	}
	ctx := t.Context()
	runner, err := artifact.NewRunner(ctx, options, artifact.TargetContainerImage)
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close(ctx)
	report, err := runner.ScanImage(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	if report, err = runner.Filter(ctx, options, report); err != nil {
		t.Fatal(err)
	}
	return found(report.Results)
}

// found gives what must be equal, one line each: identifier, package, versions, severity and its source, URL, status, layer.
func found(results types.Results) []string {
	var lines []string
	for _, r := range results {
		for _, v := range r.Vulnerabilities {
			where := ""
			if r.Class == types.ClassLangPkg {
				where = r.Target
			}
			lines = append(lines, fmt.Sprint("vulnerability ", []string{
				v.VulnerabilityID, v.PkgName, v.InstalledVersion, v.FixedVersion, v.Severity, string(v.SeveritySource), v.Status.String(),
				v.PrimaryURL, v.PkgIdentifier.PURL.String(), v.Layer.DiffID, where,
			}))
		}
		for _, s := range r.Secrets {
			lines = append(lines, fmt.Sprint("secret ", strings.TrimPrefix(r.Target, "/"), " ", s.RuleID, " ", s.Severity, " ", s.StartLine, " ", s.Match))
		}
	}
	slices.Sort(lines)
	return lines
}
