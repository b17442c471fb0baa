package scan_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/rootfs"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy logs there
	os.Exit(m.Run())
}

// database builds and opens the repository's own reviewed advisories.
func database(t testing.TB) *advisory.DB {
	t.Helper()
	file, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/db"
	if _, err := advisory.Build(dir, file, now); err != nil {
		t.Fatal(err)
	}
	db, err := advisory.Open(dir, now, 365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func scanned(t testing.TB, img v1.Image) *scan.Result {
	t.Helper()
	r, err := scan.Image(t.Context(), img, database(t), scan.Options{Name: "registry.example.com/ai/server:test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lines(findings []scan.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, strings.Join([]string{f.ID, f.Severity, f.Package, f.Version, f.Fixed, f.Path}, "|"))
	}
	return all
}

func TestVulnerableImage(t *testing.T) {
	r := scanned(t, testimage.Vulnerable(t))
	want := []string{
		"CVE-2022-32149|HIGH|golang.org/x/text|v0.3.7|0.3.8|usr/bin/vulnerable",
		"CVE-2026-4046|HIGH|libc6|2.36-9+deb12u13|2.36-9+deb12u14|",
		"CVE-2026-4438|UNKNOWN|libc6|2.36-9+deb12u13||",
	}
	if got := lines(r.Findings); !slices.Equal(got, want) {
		t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.OS != "debian 12.11" || r.EndOfLife || r.Packages != 5 || r.Platform != "linux/amd64" || !r.Scanned.Equal(now) {
		t.Errorf("result: OS %q, end of life %v, %d packages, %s, %s", r.OS, r.EndOfLife, r.Packages, r.Platform, r.Scanned)
	}
	layers := r.Report.Metadata.Layers
	if got := r.Findings[0].Layer; got != layers[1].Digest {
		t.Errorf("the program's layer is %s, want the second, %s", got, layers[1].Digest)
	}
	if u := r.Report.Results[0].Packages[0].Identifier.PURL.String(); u != "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12.11" {
		t.Errorf("package URL %s", u)
	}
}

// The same image, database and time give the same bytes.
func TestSameResult(t *testing.T) {
	img, db := testimage.Vulnerable(t), database(t)
	var first string
	for range 5 {
		r, err := scan.Image(t.Context(), img, db, scan.Options{Name: "here", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal([]any{r, r.Report})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(data)
		}
		if string(data) != first {
			t.Fatalf("two scans differ:\n%s\n%s", first, data)
		}
	}
}

// A package that a later layer updates is judged at its new version; a program that a later layer deletes is gone.
func TestLaterLayersWin(t *testing.T) {
	img := testimage.Image(t,
		testimage.Layer(t, testimage.Debian()...),
		testimage.Layer(t, testimage.Program("usr/bin/vulnerable", testimage.Binary(t))),
		testimage.Layer(t,
			testimage.Regular("var/lib/dpkg/status.d/libc6", testimage.Stanza("libc6", "2.36-9+deb12u14", "Source: glibc\n")),
			testimage.Regular("usr/bin/.wh.vulnerable", "")))
	if got, want := lines(scanned(t, img).Findings), []string{"CVE-2026-4438|UNKNOWN|libc6|2.36-9+deb12u14||"}; !slices.Equal(got, want) {
		t.Errorf("findings: %q, want %q", got, want)
	}
}

// A secret is found in any layer, also where a later layer deletes it, and in the environment.
func TestSecrets(t *testing.T) {
	key := "AKIA" + "QZ7NV4XJLB2MWC3T" // in two parts, so that this file holds no secret
	img := testimage.Image(t,
		testimage.Layer(t, testimage.Debian()...),
		testimage.Layer(t, testimage.Regular("root/.aws/credentials", "[default]\naws_access_key_id = "+key+"\n")),
		testimage.Layer(t, testimage.Regular("root/.aws/.wh.credentials", "")),
		testimage.Layer(t, testimage.Regular("srv/notes.txt", strings.Repeat("nothing to see here\n", 400_000)+"key = "+key+"\n")))
	img, err := mutate.Config(img, v1.Config{Env: []string{"PATH=/usr/bin", "AWS_ACCESS_KEY_ID=" + key}})
	if err != nil {
		t.Fatal(err)
	}
	r := scanned(t, img)
	var got []scan.Finding
	for _, f := range r.Findings {
		if f.Kind == scan.Secret {
			got = append(got, f)
		}
	}
	if len(got) != 3 {
		t.Fatalf("secrets: %+v, want one in each of two files and one in the environment", got)
	}
	env, hidden, large := got[0], got[1], got[2]
	if env.Path != "config" || env.Hidden || env.Layer != "" {
		t.Errorf("environment: %+v", env)
	}
	if hidden.ID != "aws-access-key-id" || hidden.Path != "root/.aws/credentials" || hidden.Line != 2 || !hidden.Hidden || hidden.Severity != "CRITICAL" {
		t.Errorf("deleted file: %+v", hidden)
	}
	if large.Path != "srv/notes.txt" || large.Line != 400_001 || large.Hidden {
		t.Errorf("large file: %+v", large)
	}
	for _, result := range r.Report.Results {
		for _, s := range result.Secrets {
			if strings.Contains(s.Match, key) {
				t.Errorf("the report shows the secret itself: %s", s.Match)
			}
		}
	}
}

// What cannot be judged is an error, never an empty list of findings.
func TestUnjudged(t *testing.T) {
	etc := slices.Clip(testimage.Debian()[:3])
	for name, c := range map[string]struct {
		entries []tar.Header
		want    error
		says    string
	}{
		"alpine":        {[]tar.Header{testimage.Regular("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\n")}, scan.ErrUnsupported, "apk database"},
		"rpm":           {[]tar.Header{testimage.Regular("var/lib/rpm/rpmdb.sqlite", "SQLite")}, scan.ErrUnsupported, "rpm database"},
		"other OS":      {[]tar.Header{testimage.Regular("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n")}, scan.ErrUnsupported, "wolfi 20230201"},
		"no list":       {etc, scan.ErrUnsupported, "var/lib/dpkg/status.d are missing"},
		"no OS":         {testimage.Debian()[3:], scan.ErrUnsupported, "says of which system"},
		"unknown to DB": {append([]tar.Header{testimage.Regular("etc/debian_version", "13.1\n")}, testimage.Debian()[3:]...), scan.ErrUnjudged, `bucket "debian 13"`},
		"damaged list":  {append(etc, testimage.Regular("var/lib/dpkg/status", "Package: x\nVersion: \n\n")), nil, `stanza 1 (package "x"): it has no name or no version`},
		"odd version":   {append(etc, testimage.Regular("var/lib/dpkg/status", "Package: x\nVersion: !\n")), nil, `its version "!" cannot be read`},
	} {
		t.Run(name, func(t *testing.T) {
			img := testimage.Image(t, testimage.Layer(t, c.entries...))
			_, err := scan.Image(t.Context(), img, database(t), scan.Options{Name: "here", Now: now})
			if err == nil || !strings.Contains(err.Error(), c.says) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v with %q", err, c.want, c.says)
			}
			if c.want == nil {
				if e, ok := errors.AsType[*rootfs.Error](err); !ok || e.Entry != "var/lib/dpkg/status" {
					t.Errorf("error %v does not name the entry", err)
				}
			}
		})
	}
}

// Packages of other languages and of other makers are not judged, and the result says how many.
func TestUnread(t *testing.T) {
	img := testimage.Image(t, testimage.Layer(t, append(testimage.Debian(),
		testimage.Regular("usr/lib/python3/dist-packages/x-1.dist-info/METADATA", "Name: x\n"),
		testimage.Regular("srv/node_modules/left-pad/package.json", "{}"),
		testimage.Regular("srv/lib.jar", "PK"),
		testimage.Regular("var/lib/dpkg/status.d/cuda", "Package: cuda-cudart-12-6\nVersion: 12.6.77-1\nMaintainer: cudatools <cudatools@nvidia.com>\n"),
	)...))
	r := scanned(t, img)
	want := map[string]int{"python": 1, "node": 1, "java": 1, "third-party debian": 1}
	if len(r.Unread) != len(want) {
		t.Errorf("unread: %v, want %v", r.Unread, want)
	}
	for kind, n := range want {
		if r.Unread[kind] != n {
			t.Errorf("unread %s: %d, want %d", kind, r.Unread[kind], n)
		}
	}
}

func TestEndOfLife(t *testing.T) {
	img := testimage.Image(t, testimage.Layer(t,
		testimage.Regular("etc/debian_version", "11.11\n"),
		testimage.Regular("var/lib/dpkg/status", testimage.Stanza("zlib1g", "1:1.2.11.dfsg-2", "Source: zlib\n"))))
	r := scanned(t, img)
	if !r.EndOfLife {
		t.Error("Debian 11 had its last update on 2026-08-14; the scan of 2026-11-23 does not say so")
	}
	if got, want := lines(r.Findings), []string{"CVE-2018-25032|HIGH|zlib1g|1:1.2.11.dfsg-2|1:1.2.11.dfsg-2+deb11u1|"}; !slices.Equal(got, want) {
		t.Errorf("findings: %q, want %q", got, want)
	}
}

// The version that reports name is the one that is linked in.
func TestTrivyVersion(t *testing.T) {
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "github.com/aquasecurity/trivy v"+scan.TrivyVersion+"\n") {
		t.Errorf("go.mod has another Trivy than %s", scan.TrivyVersion)
	}
}

// Files that begin like programs and are none, and programs with damaged tables, are no Go programs and no panic.
func TestDamagedPrograms(t *testing.T) {
	whole := testimage.Binary(t)
	entries := testimage.Debian()
	for i := range 60 {
		damaged := slices.Clone(whole[:len(whole)/2])
		damaged[16+i] ^= 0xff // one byte of the ELF header
		entries = append(entries, testimage.Program("usr/bin/p"+string(rune('A'+i)), damaged))
	}
	entries = append(entries, testimage.Program("usr/bin/short", []byte("\x7fELF")))
	r := scanned(t, testimage.Image(t, testimage.Layer(t, entries...)))
	for _, f := range r.Findings {
		if f.Path != "" && f.Package != "golang.org/x/text" && f.Package != "stdlib" {
			t.Errorf("finding %+v", f)
		}
	}
}
