package render

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

// Every overlay of the sample fleet builds to the objects of its file in
// golden/manifests, in their order: what is checked is what is committed.
func TestOverlaysBuildTheManifests(t *testing.T) {
	root := os.DirFS("../..")
	overlays, err := fs.Glob(root, "golden/tenants/*/*/overlays/*")
	if err != nil {
		t.Fatal(err)
	}
	platform, err := fs.Glob(root, "golden/platform/overlays/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(overlays) < 10 || len(platform) < 2 {
		t.Fatalf("there are %d overlays of tenants and %d of the platform", len(overlays), len(platform))
	}
	for _, overlay := range append(overlays, platform...) {
		parts := strings.Split(overlay, "/") // golden/tenants/acme/models/overlays/us-east-staging
		manifests := filepath.Join(append([]string{"golden", "manifests", parts[len(parts)-1]}, parts[1:len(parts)-2]...)...)
		manifests = strings.Replace(manifests, "/tenants/", "/", 1) + "/manifests.yaml"
		data, err := fs.ReadFile(root, manifests)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Objects(t.Context(), root, v1alpha1.ApplicationSource{Path: overlay})
		if err != nil {
			t.Errorf("%s: %v", overlay, err)
		}
		for i := range min(len(got), len(want)) {
			if g, w := got[i].Size, want[i].Size; g > w || g < w*3/4 { // JSON has backslashes, too
				t.Errorf("%s: %s %s has %d bytes, and %d as JSON", overlay, got[i].Kind, got[i].Name, g, w)
			}
			got[i].Size, want[i].Size = 0, 0
		}
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s builds to\n%v\nand not to %s\n%v", overlay, got, manifests, want)
		}
	}
}

func folder(files ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

const object1 = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: n}\n"

var object2 = strings.Replace(object1, "one", "two", 1)

// What does not build says why, and what a preview would have to fetch or run is
// refused, not tried.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		fsys fstest.MapFS
		want string
	}{
		"no such path":         {folder("b/x", ""), "path a does not exist"},
		"a file":               {folder("a", ""), "path a is a file, and Argo CD wants a folder"},
		"missing resource":     {folder("a/kustomization.yaml", "resources: [x.yaml]"), "a/kustomization.yaml: a/x.yaml does not exist"},
		"missing patch":        {folder("a/kustomization.yaml", "patches: [{path: p.yaml}]"), "a/kustomization.yaml: a/p.yaml does not exist"},
		"missing base":         {folder("a/kustomization.yaml", "resources: [../base]"), "a/kustomization.yaml: base does not exist"},
		"base without file":    {folder("a/kustomization.yaml", "resources: [../base]", "base/x.yaml", object1), "a/kustomization.yaml: base has no kustomization.yaml, and Argo CD would apply its files as they are, patches, too"},
		"out of the fleet":     {folder("a/kustomization.yaml", "resources: [../../etc/x.yaml]"), `a/kustomization.yaml: "../../etc/x.yaml" is no relative path in the repository, and a preview fetches nothing`},
		"absolute":             {folder("a/kustomization.yaml", "resources: [/etc/x.yaml]"), `a/kustomization.yaml: "/etc/x.yaml" is no relative path in the repository, and a preview fetches nothing`},
		"URL":                  {folder("a/kustomization.yaml", "resources: ['https://example.com/x.yaml']"), `a/kustomization.yaml: "https://example.com/x.yaml" is no relative path in the repository, and a preview fetches nothing`},
		"git":                  {folder("a/kustomization.yaml", "resources: ['git@example.com:x']"), `a/kustomization.yaml: "git@example.com:x" is no relative path in the repository, and a preview fetches nothing`},
		"git without a scheme": {folder("a/kustomization.yaml", "resources: ['github.com/x/y?ref=main']"), `a/kustomization.yaml: "github.com/x/y?ref=main" is no relative path in the repository, and a preview fetches nothing`},
		"github.com":           {folder("a/kustomization.yaml", "resources: ['github.com/x/y']"), `a/kustomization.yaml: a/github.com/x/y does not exist`},
		"URL in the base":      {folder("a/kustomization.yaml", "resources: [../b]", "b/kustomization.yaml", "resources: ['http://x']"), `a/kustomization.yaml: b/kustomization.yaml: "http://x" is no relative path in the repository, and a preview fetches nothing`},
		"Helm":                 {folder("a/kustomization.yaml", "helmCharts: [{name: x}]"), `reading a/kustomization.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field "helmCharts"`},
		"plugin":               {folder("a/kustomization.yaml", "transformers: [x.yaml]"), `reading a/kustomization.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field "transformers"`},
		"no YAML":              {folder("a/kustomization.yaml", "resources: ["), "reading a/kustomization.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content"},
		"patch of nothing":     {folder("a/kustomization.yaml", "resources: [x.yaml]\npatches: [{path: p.yaml}]", "a/x.yaml", object1, "a/p.yaml", object2), "kustomize build: no resource matches strategic merge patch \"ConfigMap.v1.[noGrp]/two.n\": no matches for Id ConfigMap.v1.[noGrp]/two.n; failed to find unique target for patch ConfigMap.v1.[noGrp]/two.n"},
		"cycle":                {folder("a/kustomization.yaml", "resources: [../b]", "b/kustomization.yaml", "resources: [../a]"), "kustomize build: accumulating resources: accumulation err='accumulating resources from '../b': '/b' must resolve to a file': recursed accumulation of path '/b': accumulating resources: accumulation err='accumulating resources from '../a': '/a' must resolve to a file': cycle detected: candidate root '/a' contains visited root '/a'"},
		"panic": {folder("a/kustomization.yaml", "resources: [x.yaml]\npatches: [{path: p.yaml}]", "a/x.yaml", object1+"---\n"+object2,
			"a/p.yaml", object1+"$patch: delete\n---\n"+object2+"$patch: delete\n"), "kustomize build panicked: runtime error: invalid memory address or nil pointer dereference"},
		"several files": {folder("a/kustomization.yaml", "resources: []", "a/kustomization.yml", "resources: []"), "a has several kustomization files, and Kustomize builds none of them: a/kustomization.yaml, a/kustomization.yml"},
		"only a patch":  {folder("a/patches.yaml", object1), "a has no kustomization.yaml, and Argo CD would apply its files as they are, patches, too"},
		"no object":     {folder("a/kustomization.yaml", "resources: [../b]", "b/kustomization.yaml", "resources: []"), "no object comes of it, and Argo CD refuses to sync that, or with allowEmpty prunes all that runs"},
		"an override":   {folder("a/kustomization.yaml", "resources: [x.yaml]", "a/x.yaml", object1, "a/.argocd-source.yaml", ""), "Argo CD merges a/.argocd-source.yaml into the Application's source, and a preview does not"},
		"an override of one": {folder("a/kustomization.yaml", "resources: [x.yaml]", "a/x.yaml", object1, "a/.argocd-source-acme.models.yaml", ""),
			"Argo CD merges a/.argocd-source-acme.models.yaml into the Application's source, and a preview does not"},
		"directory of no YAML": {folder("a/x.yaml", "x: ["), "reading a/x.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source := v1alpha1.ApplicationSource{Path: "a"}
			if strings.HasPrefix(name, "directory") {
				source.Directory = &v1alpha1.ApplicationSourceDirectory{}
			}
			objects, err := Objects(t.Context(), test.fsys, source)
			if err == nil {
				t.Fatalf("it builds to %v", objects)
			}
			if err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

// A link cannot show what is outside of the fleet, and it is said that there is one.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("secret/x.yaml", object1)
	for _, a := range []string{"file", "folder", "nowhere"} {
		write("fleet/"+a+"/kustomization.yaml", "resources: [x.yaml]")
	}
	for link, to := range map[string]string{"file/x.yaml": "../../secret/x.yaml", "folder/x.yaml": "../../secret", "nowhere/x.yaml": "y.yaml", "itself": "../secret"} {
		if err := os.Symlink(to, filepath.Join(dir, "fleet", link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(filepath.Join(dir, "fleet"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	const out = " is, or is behind, a link that leads out of the fleet, where neither Argo CD nor a preview looks"
	for path, want := range map[string]string{
		"file":    "file/kustomization.yaml: file/x.yaml" + out,
		"folder":  "folder/kustomization.yaml: folder/x.yaml" + out,
		"itself":  "path itself" + out,
		"nowhere": "nowhere/kustomization.yaml: nowhere/x.yaml is a link to what does not exist",
	} {
		objects, err := Objects(t.Context(), root.FS(), v1alpha1.ApplicationSource{Path: path})
		if err == nil || err.Error() != want {
			t.Errorf("%s builds to %v, %v\nwant %s", path, objects, err, want)
		}
	}
}

// A path is said to be wrong in the way that it is.
func TestPaths(t *testing.T) {
	for path, want := range map[string]string{
		"a/../..":   "path a/../.. leads out of the repository",
		"/a":        "path /a is absolute, and Argo CD wants one from the repository's top, without the first slash",
		"a/./b":     "path a/b does not exist",
		"a/x.yaml/": "path a/x.yaml is a file, and Argo CD wants a folder",
	} {
		_, err := Check(folder("a/x.yaml", ""), v1alpha1.ApplicationSource{Path: path})
		if _, missing := errors.AsType[*MissingError](err); !missing || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A directory source takes the files that Argo CD takes.
func TestDirectory(t *testing.T) {
	// Without a schema, n is a boolean of YAML's.
	file := func(name string) string {
		return strings.NewReplacer("one", name, "namespace: n", "namespace: team").Replace(object1)
	}
	fsys := folder("a/x.yaml", file("x"), "a/y.json", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"y"}}`,
		"a/z.txt", "not: read", "a/deep/down/w.yml", file("w")+"---\n"+file("v"))
	tests := []struct {
		options *v1alpha1.ApplicationSourceDirectory
		want    string
	}{
		{&v1alpha1.ApplicationSourceDirectory{}, "x y"},
		{&v1alpha1.ApplicationSourceDirectory{Recurse: true}, "w v x y"},
		{&v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "deep/*"}, "w v"},
		{&v1alpha1.ApplicationSourceDirectory{Recurse: true, Exclude: "deep/**"}, "x y"},
		{&v1alpha1.ApplicationSourceDirectory{Include: "deep/*"}, ""},
		{&v1alpha1.ApplicationSourceDirectory{Include: "{x.yaml,z.txt}"}, "x"},
	}
	for _, test := range tests {
		objects, err := Objects(t.Context(), fsys, v1alpha1.ApplicationSource{Path: "a", Directory: test.options})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range objects {
			names = append(names, o.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%v takes %q, not %q", test.options, got, test.want)
		}
	}
}

// A kind of Kubernetes' own has its scope by nature; of any other the object tells.
func TestNamespaced(t *testing.T) {
	for _, test := range []struct {
		apiVersion, kind, namespace string
		want                        bool
	}{
		{"v1", "ConfigMap", "", true},
		{"v1", "Namespace", "", false},
		{"v1", "Namespace", "nonsense", false},
		{"apps/v1", "Deployment", "n", true},
		{"scheduling.k8s.io/v1", "PriorityClass", "", false},
		{"monitoring.coreos.com/v1", "ServiceMonitor", "n", true},
		{"karpenter.sh/v1", "NodePool", "", false},
	} {
		if got := object(test.apiVersion, test.kind, test.namespace, "x", 0).Namespaced; got != test.want {
			t.Errorf("%s in %q is namespaced: %t", test.kind, test.namespace, got)
		}
	}
}

// Nobody's kustomization makes the build panic or reach out of the fleet.
func FuzzKustomization(f *testing.F) {
	f.Add([]byte("resources: [x.yaml, ../b]\npatches: [{path: x.yaml}]\nimages: [{name: x, digest: y}]"), []byte(object1))
	f.Add([]byte("resources: ['https://127.0.0.1:1/x']"), []byte(""))
	f.Add([]byte("labels: [{pairs: {a: b}, includeTemplates: true}]\nresources: [x.yaml]\nsortOptions: {order: fifo}"), []byte(object1))
	f.Fuzz(func(t *testing.T, kustomization, resource []byte) {
		fsys := folder("a/kustomization.yaml", string(kustomization), "a/x.yaml", string(resource))
		objects, err := Objects(t.Context(), fsys, v1alpha1.ApplicationSource{Path: "a"})
		if err == nil && len(objects) > 0 && !bytes.Contains(resource, []byte("kind")) {
			t.Errorf("%q of %q are %v", kustomization, resource, objects)
		}
		if _, missing := errors.AsType[*MissingError](err); missing {
			t.Errorf("the path is there, but: %v", err)
		}
	})
}
