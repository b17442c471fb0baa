package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/schema"
)

func read(t testing.TB, fsys fs.FS) *Documents {
	t.Helper()
	docs, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// said is what is found, sorted, a line each.
func said(docs *Documents) []string {
	var out []string
	for _, f := range docs.Findings.Sorted() {
		out = append(out, f.String())
	}
	return out
}

func TestRead(t *testing.T) {
	inputs := fleettest.Small(t)
	for _, beside := range []string{"README.md", "regions/README.md", "tenants/CODEOWNERS", "tenants/acme/README.md", "tenants/acme/models/README.md",
		"environments/.DS_Store", "regions/.north.yaml.swp", "golden/argocd/bootstrap.yaml", "Makefile", ".git/config"} {
		fleettest.Add(inputs, beside, "neither read nor refused: {")
	}
	docs := read(t, inputs)
	if found := said(docs); len(found) > 0 {
		t.Fatal(strings.Join(found, "\n"))
	}
	var got []string
	note := func(d *Document) {
		name := ""
		if d.Value != nil {
			name = d.Value.At("metadata", "name").Text
		}
		got = append(got, d.Name+" "+d.File+" "+name)
	}
	note(docs.Fleet)
	for _, d := range docs.Regions {
		note(d)
	}
	for _, e := range docs.Environments {
		note(e.Environment)
		note(e.Images)
	}
	for _, tenant := range docs.Tenants {
		note(tenant.Tenant)
		for _, d := range tenant.Models {
			note(d)
		}
	}
	want := []string{
		" fleet.yaml small",
		"north regions/north.yaml north",
		"south regions/south.yaml south",
		"production environments/production/environment.yaml production",
		"production environments/production/images.yaml production",
		"staging environments/staging/environment.yaml staging",
		"staging environments/staging/images.yaml staging",
		"acme tenants/acme/tenant.yaml acme",
		"ranker tenants/acme/models/ranker.yaml ranker",
		"sentiment tenants/acme/models/sentiment.yaml sentiment",
		"borealis tenants/borealis/tenant.yaml borealis",
		"fraud tenants/borealis/models/fraud.yaml fraud",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// What can be wrong with files before anybody looks at what they mean: each is
// all that is said.
func TestRefuses(t *testing.T) {
	add := func(path, data string) func(t *testing.T, m fstest.MapFS) {
		return func(_ *testing.T, m fstest.MapFS) { fleettest.Add(m, path, data) }
	}
	remove := func(paths ...string) func(t *testing.T, m fstest.MapFS) {
		return func(_ *testing.T, m fstest.MapFS) {
			for _, prefix := range paths {
				for path := range m {
					if path == prefix || strings.HasPrefix(path, prefix+"/") {
						delete(m, path)
					}
				}
			}
		}
	}
	weeks := "time,requestsPerSecond\n"
	for hour := range 4 * 7 * 24 {
		weeks += time.Date(2026, time.September, 7, hour, 0, 0, 0, time.UTC).Format(time.RFC3339) + ",1\n"
	}
	link := func(path string) func(t *testing.T, m fstest.MapFS) {
		return func(t *testing.T, m fstest.MapFS) {
			remove(path)(t, m)
			m[path] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte("/etc")}
		}
	}
	edit := func(path, old, new string) func(t *testing.T, m fstest.MapFS) {
		return func(t *testing.T, m fstest.MapFS) { fleettest.Edit(t, m, path, old, new) }
	}
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, m fstest.MapFS)
		want   []string
	}{
		{"no fleet.yaml", remove("fleet.yaml"), []string{
			`fleet.yaml: the file is missing (every fleet has one) — run 'mlfleet init DIR' to see a minimal fleet, or name the fleet's folder with -C`,
		}},
		{"nothing at all", remove("fleet.yaml", "regions", "environments", "tenants"), []string{
			`fleet.yaml: the file is missing (every fleet has one) — run 'mlfleet init DIR' to see a minimal fleet, or name the fleet's folder with -C`,
		}},
		{"fleet.yaml alone", remove("regions", "environments", "tenants"), []string{
			`environments: the folder is missing — create it`,
			`regions: the folder is missing — create it`,
			`tenants: the folder is missing — create it`,
		}},
		{"no regions", remove("regions"), []string{
			`regions: the folder is missing — create it`,
		}},
		{"a file where a folder should be", func(t *testing.T, m fstest.MapFS) { remove("regions")(t, m); fleettest.Add(m, "regions", "x") }, []string{
			`regions: not a folder — make it a folder`,
		}},
		{"no tenant.yaml", remove("tenants/acme/tenant.yaml"), []string{
			`tenants/acme/tenant.yaml: the file is missing — add it, or remove the folder tenants/acme`,
		}},
		{"no models is fine", remove("tenants/acme/models"), nil},
		{"no images.yaml", remove("environments/staging/images.yaml"), []string{
			`environments/staging/images.yaml: the file is missing — add it, or remove the folder environments/staging`,
		}},
		{"a .yml", add("regions/east.yml", "a: 1"), []string{
			`regions/east.yml: the file ends in .yml (files end in .yaml) — rename it to east.yaml`,
		}},
		{"a .yml for a fixed name", func(t *testing.T, m fstest.MapFS) {
			m["tenants/acme/tenant.yml"] = m["tenants/acme/tenant.yaml"]
			remove("tenants/acme/tenant.yaml")(t, m)
		}, []string{
			`tenants/acme/tenant.yaml: the file is missing — add it, or remove the folder tenants/acme`,
			`tenants/acme/tenant.yml: nothing reads this (here are tenant.yaml, models and traffic) — did you mean "tenant.yaml"?`,
		}},
		{"a stray file", add("tenants/acme/notes.txt", "x"), []string{
			`tenants/acme/notes.txt: nothing reads this (here are tenant.yaml, models and traffic) — move it elsewhere, or remove it`,
		}},
		{"a stray file among folders", add("tenants/acme.yaml", "x"), []string{
			`tenants/acme.yaml: a file where only folders are — move it into a folder of its own, or remove it`,
		}},
		{"a stray file among files", add("tenants/acme/models/labels.json", "{}"), []string{
			`tenants/acme/models/labels.json: not a YAML file (only files that end in .yaml) — move it elsewhere, or remove it`,
		}},
		{"a misspelt name", add("environments/staging/enviroment.yaml", "x"), []string{
			`environments/staging/enviroment.yaml: nothing reads this (here are environment.yaml and images.yaml) — did you mean "environment.yaml"?`,
		}},
		{"a folder among files", add("regions/east/west.yaml", "x"), []string{
			`regions/east: not a YAML file (only files that end in .yaml) — move it elsewhere, or remove it`,
		}},
		{"a folder called as a file", add("tenants/acme/models/x.yaml/y.yaml", "x"), []string{
			`tenants/acme/models/x.yaml: not a regular file — replace it by a YAML file`,
		}},
		{"measurements", add("tenants/acme/traffic/web.csv", weeks), nil},
		{"measurements of another kind", add("tenants/acme/traffic/web.json", "[]"), []string{
			`tenants/acme/traffic/web.json: not a CSV file (only files that end in .csv) — move it elsewhere, or remove it`,
		}},
		{"a folder called as measurements", add("tenants/acme/traffic/web.csv/x", "x"), []string{
			`tenants/acme/traffic/web.csv: not a regular file — replace it by a CSV file`,
		}},
		{"a link for measurements", link("tenants/acme/traffic/web.csv"), []string{
			`tenants/acme/traffic/web.csv: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"measurements without end", add("tenants/acme/traffic/web.csv", strings.Repeat("#", 4<<20+1)), []string{
			`tenants/acme/traffic/web.csv: the file has 4194305 bytes (at most 4194304) — measure in longer intervals, or keep the last weeks only`,
		}},
		{"measurements that are wrong", add("tenants/acme/traffic/web.csv", strings.Replace(weeks, ",1\n", ",-1\n", 1)), []string{
			`tenants/acme/traffic/web.csv:2:22: -1 requests per second are fewer than none — correct it, or leave out what was not measured, up to whole weeks`,
		}},
		{"a link for fleet.yaml", link("fleet.yaml"), []string{
			`fleet.yaml: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for a folder at the top", link("tenants"), []string{
			`tenants: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for a tenant", link("tenants/acme"), []string{
			`tenants/acme: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for tenant.yaml", link("tenants/acme/tenant.yaml"), []string{
			`tenants/acme/tenant.yaml: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for models", link("tenants/acme/models"), []string{
			`tenants/acme/models: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for a model", link("tenants/acme/models/ranker.yaml"), []string{
			`tenants/acme/models/ranker.yaml: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"a link for a region", link("regions/north.yaml"), []string{
			`regions/north.yaml: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		{"another name in a file", edit("tenants/acme/models/ranker.yaml", "{name: ranker}", "{name: rankr}"), []string{
			`tenants/acme/models/ranker.yaml:3:18: metadata.name is "rankr", but the file is tenants/acme/models/ranker.yaml ("ranker") — rename one of them`,
		}},
		{"another name in a folder", edit("tenants/acme/tenant.yaml", "{name: acme}", "{name: acne}"), []string{
			`tenants/acme/tenant.yaml:3:18: metadata.name is "acne", but the file is tenants/acme/tenant.yaml ("acme") — rename one of them`,
		}},
		{"a folder whose name nobody may have", func(t *testing.T, m fstest.MapFS) {
			for path, file := range m {
				if rest, ok := strings.CutPrefix(path, "tenants/acme/"); ok {
					m["tenants/kube-system/"+rest] = &fstest.MapFile{Data: []byte(strings.Replace(string(file.Data), "{name: acme}", "{name: kube-system}", 1))}
				}
			}
			remove("tenants/acme")(t, m)
		}, []string{
			`tenants/kube-system/tenant.yaml:3:18: metadata.name is "kube-system" (a name of at most 40 small letters, digits and hyphens that starts with a letter, does not end in a hyphen and is not reserved (platform, default, argocd, kube-…, mlfleet…))`,
		}},
		{"another kind", edit("tenants/acme/tenant.yaml", "kind: Tenant", "kind: Model"), []string{
			`tenants/acme/tenant.yaml:2:7: kind is "Model" (has to be "Tenant")`,
		}},
		{"300 KiB", func(t *testing.T, m fstest.MapFS) {
			fleettest.Add(m, "regions/north.yaml", "# "+strings.Repeat("x", 300<<10))
		}, []string{
			`regions/north.yaml: the file has 301 KiB (at most 256 KiB) — split it, or move data that is not configuration elsewhere`,
		}},
		{"too many values", func(t *testing.T, m fstest.MapFS) {
			fleettest.Add(m, "regions/north.yaml", "a:\n"+strings.Repeat("- ["+strings.Repeat("1,", 400)+"1]\n", 15))
		}, []string{
			`regions/north.yaml: the file has 6032 fields and list items (at most 5000) — split it, or move data that is not configuration elsewhere`,
		}},
		{"not YAML", add("regions/north.yaml", "a: [\n"), []string{
			`regions/north.yaml:1:1: not valid YAML: did not find expected node content — check the indentation and the quotes on this line and the one before`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			tc.change(t, inputs)
			if got := said(read(t, inputs)); !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// forbidding hands out everything but some paths.
type forbidding struct {
	fstest.MapFS
	paths []string
}

func (f forbidding) ReadDir(path string) ([]fs.DirEntry, error) {
	if slices.Contains(f.paths, path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadDir(path)
}

func (f forbidding) ReadFile(path string) ([]byte, error) {
	if slices.Contains(f.paths, path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadFile(path)
}

func TestUnreadable(t *testing.T) {
	const why = ": cannot be read: permission denied — give yourself permission to read it"
	for _, tc := range []struct {
		paths []string
		want  []string
	}{
		{[]string{"regions/north.yaml", "tenants/acme/tenant.yaml"}, []string{"regions/north.yaml" + why, "tenants/acme/tenant.yaml" + why}},
		{[]string{"tenants/acme/models"}, []string{"tenants/acme/models" + why}},
		{[]string{"regions"}, []string{"regions" + why}},
		{[]string{"tenants/acme"}, []string{"tenants/acme" + why}},
		{[]string{"environments/staging"}, []string{"environments/staging" + why}},
		{[]string{"."}, []string{"." + why}},
	} {
		got := said(read(t, forbidding{fleettest.Small(t), tc.paths}))
		if !slices.Equal(got, tc.want) {
			t.Errorf("%v: got\n%s", tc.paths, strings.Join(got, "\n"))
		}
	}
}

// On a real disk links are refused wherever they lead, and nothing is read through them.
func TestLinksOnDisk(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, fleettest.Small(t)); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "models")
	if err := os.Rename(filepath.Join(root, "tenants/acme/models"), outside); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{
		outside:                        "tenants/acme/models",
		"fraud.yaml":                   "tenants/borealis/models/same.yaml",
		"/nowhere":                     "regions/dangling.yaml",
		filepath.Join(root, "tenants"): "tenants/borealis/models/loop",
	} {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{}
	for _, path := range []string{"regions/dangling.yaml", "tenants/acme/models", "tenants/borealis/models/loop", "tenants/borealis/models/same.yaml"} {
		want = append(want, path+": a symbolic link (input folders hold only files and folders) — replace it by what it points to")
	}
	docs := read(t, os.DirFS(root))
	if got := said(docs); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	for _, tenant := range docs.Tenants {
		for _, d := range tenant.Models {
			if d.Value != nil && d.Name != "fraud" {
				t.Errorf("%s was read", d.File)
			}
		}
	}
}

// Everything that is wrong is told in one run, whichever file it is in.
func TestAllErrorsInOneRun(t *testing.T) {
	inputs := fleettest.Small(t)
	fleettest.Edit(t, inputs, "fleet.yaml", "shards: 1", "shards: 0")
	fleettest.Edit(t, inputs, "regions/south.yaml", "cloud: eu-south-2", "clouds: eu-south-2")
	fleettest.Add(inputs, "environments/staging/images.yaml", "a: &x 1\nb: *x\n")
	fleettest.Edit(t, inputs, "tenants/acme/tenant.yaml", "tier: gold", "tier: Gold\n  tier: gold")
	fleettest.Edit(t, inputs, "tenants/acme/models/ranker.yaml", "runtime: onnx", "runtime: onyx")
	fleettest.Edit(t, inputs, "tenants/borealis/models/fraud.yaml", "gpu: none", "gpu: none\n---\n")
	fleettest.Add(inputs, "tenants/borealis/models/x.yml", "")
	want := []string{
		"environments/staging/images.yaml:1:4",
		"environments/staging/images.yaml:2:4",
		"fleet.yaml:8:13",
		"regions/south.yaml:5:3",
		"regions/south.yaml:4:1",
		"tenants/acme/models/ranker.yaml:6:12",
		"tenants/acme/tenant.yaml:10:3",
		"tenants/borealis/models/fraud.yaml:11:1",
		"tenants/borealis/models/x.yml",
	}
	slices.Sort(want)
	var got []string
	for _, f := range read(t, inputs).Findings.Sorted() {
		got = append(got, f.Position.String())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A fleet that is large enough for several workers gives the same documents and
// findings as one worker would.
func TestManyDocuments(t *testing.T) {
	inputs := fleettest.Small(t)
	model := string(inputs["tenants/acme/models/ranker.yaml"].Data)
	var want []string
	for i := range 250 {
		name := fmt.Sprintf("m%03d", i)
		text := strings.Replace(model, "{name: ranker}", "{name: "+name+"}", 1)
		if i%50 == 7 {
			text = strings.Replace(text, "runtime: onnx", "runtime: "+name, 1)
			want = append(want, "tenants/acme/models/"+name+`.yaml:6:12: spec.runtime is "`+name+`" ("onnx" or "triton")`)
		}
		fleettest.Add(inputs, "tenants/acme/models/"+name+".yaml", text)
	}
	docs := read(t, inputs)
	if got := said(docs); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	read := 0
	for _, d := range docs.Tenants[0].Models {
		if d.Value != nil && d.Value.At("metadata", "name").Text == d.Name {
			read++
		}
	}
	if read != 250+2-len(want) {
		t.Errorf("%d models were read", read)
	}
}

// errClosed stands for any failure of a disk.
var errClosed = errors.New("device is gone")

type failing struct{ fstest.MapFS }

func (f failing) ReadFile(path string) ([]byte, error) {
	if path == "regions/north.yaml" {
		return nil, errClosed
	}
	return f.MapFS.ReadFile(path)
}

func TestFailingDisk(t *testing.T) {
	got := said(read(t, failing{fleettest.Small(t)}))
	if want := []string{"regions/north.yaml: cannot be read: device is gone"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// FuzzDocument: whatever stands in a file, reading it neither panics nor takes
// long, and gives either a value or findings that a person can act on.
func FuzzDocument(f *testing.F) {
	inputs := fleettest.Small(f)
	for path, file := range inputs {
		f.Add(slices.Index(kinds, kindOf(path)), file.Data)
	}
	rules, err := schema.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		d := &Document{File: "f.yaml", kind: kinds[uint(kind)%uint(len(kinds))]}
		start := time.Now()
		found, err := checkOne(fstest.MapFS{d.File: {Data: data}}, rules, d)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
		if (d.Value == nil) != (len(found) > 0) {
			t.Fatal("a value and findings, or neither")
		}
		for _, f := range found {
			if f.File != d.File || f.Severity != fleet.Error || f.Message == "" || f.Line < 0 || f.Line > 0 && f.Column < 1 {
				t.Fatalf("%+v", f)
			}
		}
	})
}

var kinds = []string{"Fleet", "Region", "Environment", "ImagePins", "Tenant", "Model"}

func kindOf(path string) string {
	switch base := filepath.Base(path); {
	case base == "fleet.yaml":
		return "Fleet"
	case base == "environment.yaml":
		return "Environment"
	case base == "images.yaml":
		return "ImagePins"
	case base == "tenant.yaml":
		return "Tenant"
	case strings.HasPrefix(path, "regions/"):
		return "Region"
	default:
		return "Model"
	}
}
