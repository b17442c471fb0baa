package sbom_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"
	spdxlib "github.com/spdx/tools-golang/spdxlib"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/sbom"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy logs there
	os.Exit(m.Run())
}

// scanned has the same program twice: its modules then have the same package URL, which cannot serve as reference.
func scanned(t *testing.T, at time.Time) *scan.Result {
	t.Helper()
	file, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := advisory.Build(dir, file, at); err != nil {
		t.Fatal(err)
	}
	db, err := advisory.Open(dir, at, 365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	program := testimage.Binary(t)
	img := testimage.Image(t, testimage.Layer(t, testimage.Debian()...),
		testimage.Layer(t, testimage.Program("usr/bin/one", program), testimage.Program("usr/bin/two", program)))
	r, err := scan.Image(t.Context(), img, db, scan.Options{Name: "registry.example.com/ai/server:main", Now: at})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func written(t *testing.T, write func(io.Writer, *scan.Result) error, r *scan.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Two scans of one image at one time give the same bytes; another time gives another document.
func TestReproducible(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *scan.Result) error{"CycloneDX": sbom.CycloneDX, "SPDX": sbom.SPDX} {
		first := written(t, write, scanned(t, now))
		for range 5 {
			if again := written(t, write, scanned(t, now)); !bytes.Equal(first, again) {
				t.Fatalf("%s: two documents of one image differ", name)
			}
		}
		if later := written(t, write, scanned(t, now.Add(time.Hour))); bytes.Equal(first, later) {
			t.Errorf("%s: a scan an hour later gives the same document", name)
		}
	}
}

func TestCycloneDX(t *testing.T) {
	r := scanned(t, now)
	data := written(t, sbom.CycloneDX, r)
	var bom cdx.BOM
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	var fields struct {
		Schema string `json:"$schema"`
	}
	if err := json.Unmarshal(data, &fields); err != nil || fields.Schema != "http://cyclonedx.org/schema/bom-1.6.schema.json" {
		t.Errorf("schema %q, %v", fields.Schema, err)
	}
	if err := strict.Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != cdx.SpecVersion1_6 || !strings.HasPrefix(bom.SerialNumber, "urn:uuid:") || bom.Metadata.Timestamp != "2026-11-23T12:00:00+00:00" {
		t.Errorf("document: %s, %s, %s", bom.SpecVersion, bom.SerialNumber, bom.Metadata.Timestamp)
	}

	// References are unique, and everything that refers finds them.
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	var names []string
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			t.Errorf("reference %s stands for two components", c.BOMRef)
		}
		refs[c.BOMRef] = true
		names = append(names, c.Name)
	}
	for _, want := range []string{"libc6", "golang.org/x/text", "stdlib", "debian", "usr/bin/one", "usr/bin/two"} {
		if !slices.Contains(names, want) {
			t.Errorf("component %s is missing among %q", want, names)
		}
	}
	for _, d := range *bom.Dependencies {
		if !refs[d.Ref] {
			t.Errorf("dependency of %s, which is no component", d.Ref)
		}
		if d.Dependencies == nil {
			continue
		}
		for _, on := range *d.Dependencies {
			if !refs[on] {
				t.Errorf("%s depends on %s, which is no component", d.Ref, on)
			}
		}
	}
	affected := map[string]int{}
	for _, v := range *bom.Vulnerabilities {
		for _, a := range *v.Affects {
			if !refs[a.Ref] {
				t.Errorf("%s affects %s, which is no component", v.ID, a.Ref)
			}
			affected[v.ID]++
		}
	}
	if affected["CVE-2022-32149"] != 2 || affected["CVE-2026-4046"] != 1 {
		t.Errorf("affected components: %v", affected)
	}
}

func TestSPDX(t *testing.T) {
	data := written(t, sbom.SPDX, scanned(t, now))
	doc, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	if doc.SPDXVersion != "SPDX-2.3" || doc.CreationInfo.Created != "2026-11-23T12:00:00Z" ||
		!strings.HasPrefix(doc.DocumentNamespace, "https://github.com/mlfleet/mlfleet/spdx/") {
		t.Errorf("document: %s, %s, %s", doc.SPDXVersion, doc.CreationInfo.Created, doc.DocumentNamespace)
	}
	versions := map[string]string{}
	ids := map[string]bool{}
	for _, p := range doc.Packages {
		versions[p.PackageName] = p.PackageVersion
		if id := string(p.PackageSPDXIdentifier); ids[id] {
			t.Errorf("two packages have the identifier %s", id)
		} else {
			ids[id] = true
		}
	}
	if versions["golang.org/x/text"] != "v0.3.7" || versions["libc6"] != "2.36-9+deb12u13" {
		t.Errorf("versions: %v", versions)
	}
}

// Writing one format does not change the result for the other.
func TestResultStaysAsItIs(t *testing.T) {
	r := scanned(t, now)
	alone := written(t, sbom.SPDX, r)
	written(t, sbom.CycloneDX, r)
	if again := written(t, sbom.SPDX, r); !bytes.Equal(alone, again) {
		t.Error("the SPDX document differs after a CycloneDX document was written")
	}
}
