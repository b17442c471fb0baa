package preview_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/mlfleet/mlfleet/preview"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// mutation breaks one thing: in the file that matches file, the first old becomes new;
// and perhaps there is one more file.
type mutation struct {
	file     string
	old, new string
	more     map[string]string
	// want are the findings, each as its kind and, after a space, its Application.
	want []string
}

const (
	acme     = "golden/argocd/tenants/*/acme/"
	platform = "golden/argocd/platform/"
	overlay  = "golden/tenants/acme/models/overlays/us-east-staging/"
)

// staging is acme's Applications of models in staging, each with a finding of a kind.
func staging(kind finding.Kind) []string {
	return each(kind, "acme.models.ap-southeast-staging", "acme.models.eu-west-staging", "acme.models.us-east-staging", "acme.models.us-west-staging")
}

func each(kind finding.Kind, apps ...string) []string {
	var out []string
	for _, a := range apps {
		out = append(out, string(kind)+" "+a)
	}
	return out
}

// Every kind of finding has a mutation that gives it and nothing else; so no check can
// be taken out, and none reports what is not its business.
var mutations = map[string]mutation{
	"a tab in YAML": {acme + "guardrails.yaml", "goTemplate: true", "goTemplate:\ttrue\n\t- x", nil,
		[]string{"malformed", "path-broken mlfleet.root.tenants-00"}},
	"a string for a boolean": {acme + "models-staging.yaml", "goTemplate: true", `goTemplate: "yes"`, nil,
		[]string{"malformed"}},
	"a field twice": {acme + "models-staging.yaml", "  goTemplateOptions:", "  goTemplate: false\n  goTemplateOptions:", nil, []string{"malformed"}},
	"a misspelt field": {acme + "models-staging.yaml", "      revisionHistoryLimit: 3", "      revisionHistoryLimits: 3", nil,
		[]string{"unknown-field"}},
	"a field of Argo CD 3": {acme + "models-staging.yaml", "          selfHeal: true", "          selfHeal: true\n          enabled: true", nil,
		[]string{"unknown-field"}},
	"an unknown field of a project": {acme + "project.yaml", "  sourceRepos:", "  sourceIntegrity: {}\n  sourceRepos:", nil, []string{"unknown-field"}},
	"another kind":                  {"golden/argocd/bootstrap.yaml", "---\n", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\n---\n", nil, []string{"foreign-kind"}},
	"a bad role": {acme + "project.yaml", "p, proj:tenant-acme:owners, logs", "p, proj:tenant-birch:owners, logs", nil,
		[]string{"bad-project"}},
	"a value that no element has": {acme + "models-staging.yaml", `"{{.region}}"`, `"{{.regoin}}"`, nil, []string{"not-expanded"}},
	"a template that does not end": {acme + "models-staging.yaml", `"{{.region}}"`, `"{{.region"`, nil,
		[]string{"not-expanded"}},
	"a generator that asks the hub": {acme + "models-staging.yaml", "  generators:\n", "  generators:\n  - clusters: {}\n", nil, []string{"not-expanded"}},
	"one name for two elements": {acme + "models-staging.yaml", "name: acme.models.us-west-staging", "name: acme.models.us-east-staging", nil,
		[]string{"name-clash acme.models.us-east-staging"}},
	"one name in two sets": {acme + "guardrails.yaml", "name: acme.guardrails.us-west-staging", "name: acme.models.us-west-staging", nil,
		[]string{"name-clash acme.models.us-west-staging"}},
	"two sets of one name": {acme + "guardrails.yaml", "name: acme.guardrails\n", "name: acme.models.staging\n", nil, []string{"name-clash"}},
	"two projects of one name": {platform + "project.yaml", "---\n",
		"---\napiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: mlfleet-roots, namespace: argocd}\n---\n", nil, []string{"name-clash"}},
	"a name of capitals": {acme + "models-staging.yaml", "name: acme.models.us-west-staging", "name: acme.models.US", nil,
		[]string{"bad-metadata acme.models.US"}},
	"a set's name of capitals":            {acme + "guardrails.yaml", "  name: acme.guardrails\n", "  name: Acme_Guardrails\n", nil, []string{"bad-metadata"}},
	"a set's label that is too long":      {acme + "guardrails.yaml", "mlfleet.dev/tenant: acme\n", "mlfleet.dev/tenant: " + strings.Repeat("x", 64) + "\n", nil, []string{"bad-metadata"}},
	"a project's label of a blank":        {acme + "project.yaml", "mlfleet.dev/tenant: acme\n", "mlfleet.dev/tenant: a b\n", nil, []string{"bad-metadata"}},
	"a policy that is none":               {acme + "models-staging.yaml", "applicationsSync: create-update", "applicationsSync: create-updat", nil, []string{"bad-set"}},
	"a strategy that is none":             {acme + "models-production.yaml", "type: RollingSync", "type: Rollingsync", nil, []string{"bad-set"}},
	"a strategy without steps":            {acme + "models-staging.yaml", "  syncPolicy:\n    applicationsSync", "  strategy: {type: RollingSync}\n  syncPolicy:\n    applicationsSync", nil, []string{"bad-set"}},
	"a strategy of no steps that is none": {acme + "models-staging.yaml", "  syncPolicy:\n    applicationsSync", "  strategy: {type: OneByOne}\n  syncPolicy:\n    applicationsSync", nil, []string{"bad-set"}},
	"a limit in words":                    {acme + "models-production.yaml", "maxUpdate: 50%", "maxUpdate: fifty", nil, []string{"bad-set"}},
	"a limit below nothing":               {acme + "models-production.yaml", "maxUpdate: 50%", "maxUpdate: -1", nil, []string{"bad-set"}},
	"a misspelt field of a nested generator": {acme + "models-staging.yaml", "  generators:\n", "  generators:\n  - matrix: {generators: [{matrix: {generators: [{list: {elements: [], elephants: []}}, {list: {elements: []}}]}}, {list: {elements: []}}]}\n", nil,
		[]string{"unknown-field"}},
	"a misspelt field of a patch": {acme + "models-staging.yaml", "  template:\n", "  templatePatch: |\n    spec: {revisionHistoryLimits: 3, source: {$patch: replace, repoURL: https://github.com/mlfleet/mlfleet.git, path: '{{.path}}', targetRevision: main}}\n  template:\n", nil,
		[]string{"unknown-field"}},
	"a document behind the end of one": {acme + "models-staging.yaml", "", "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: x, namespace: argocd}\n...\n", nil, []string{"malformed"}},
	"a label that is too long": {acme + "models-staging.yaml", "region: us-west", "region: " + strings.Repeat("x", 64), nil,
		[]string{"bad-metadata acme.models.us-west-staging"}},
	"a project that is not there": {acme + "models-staging.yaml", "project: tenant-acme", "project: tenant-birch", nil, staging(finding.NoProject)},
	"a set in another namespace": {acme + "models-staging.yaml", "namespace: argocd", "namespace: acme", nil,
		append(staging(finding.NoProject), "namespace-not-permitted mlfleet.root.tenants-00")},
	"another repository": {acme + "models-staging.yaml", "repoURL: https://github.com/mlfleet/mlfleet.git", "repoURL: https://github.com/mallory/mlfleet.git", nil,
		staging(finding.SourceNotPermitted)},
	"sources beside the source": {acme + "models-staging.yaml", "      source:\n", "      sources: [{repoURL: https://github.com/mallory/x.git, path: x}]\n      source:\n", nil,
		append(staging(finding.SourceNotPermitted), staging(finding.OtherSource)...)},
	"permitted sources beside the source": {acme + "models-staging.yaml", "      source:\n", "      sources: [{repoURL: https://github.com/mlfleet/mlfleet.git, path: x}]\n      source:\n", nil,
		staging(finding.OtherSource)},
	"a hydrator beside the source": {acme + "models-staging.yaml", "      source:\n", `      sourceHydrator:
        drySource: {repoURL: https://github.com/mallory/x.git, path: x, targetRevision: main}
        syncSource: {targetBranch: other, path: other}
      source:
`, nil, append(staging(finding.SourceNotPermitted), staging(finding.OtherSource)...)},
	"no source": {acme + "models-staging.yaml", "      source:\n        path: \"{{.path}}\"\n        repoURL: https://github.com/mlfleet/mlfleet.git\n        targetRevision: main\n", "", nil,
		staging(finding.OtherSource)},
	"a root that takes less": {"golden/argocd/bootstrap.yaml", "include: platform/**", "include: platform/project.yaml", nil, []string{"unread"}},
	"a file that no root reads": {acme + "project.yaml", "", "", map[string]string{"golden/argocd/tenants/own.yaml": manyProjects(2)},
		[]string{"unread"}},
	"a cluster that nobody registered": {acme + "models-staging.yaml", "destination: us-west-staging", "destination: us-west-development", nil,
		[]string{"unknown-cluster acme.models.us-west-staging"}},
	"another's namespace": {acme + "models-staging.yaml", "namespace: tenant-acme", "namespace: tenant-birch", nil,
		staging(finding.DestinationForbidden)},
	"a cluster of another server": {"regions/us-west.yaml", "server: https://C7948D018D1DACCC016081E7DFC675A8", "server: https://00", nil,
		append(each(finding.DestinationForbidden, "acme.guardrails.us-west-staging", "acme.models.us-west-staging", "mlfleet.platform.us-west-staging"),
			each(finding.NamespaceForbidden, // of the gateway, the GPU operator and the log collector
				"mlfleet.platform.us-west-staging", "mlfleet.platform.us-west-staging", "mlfleet.platform.us-west-staging")...)},
	"a kind that is not listed": {acme + "project.yaml", "  - kind: PodDisruptionBudget\n    group: policy\n", "", nil,
		append(staging(finding.KindNotPermitted), each(finding.KindNotPermitted,
			"acme.models.ap-southeast-production", "acme.models.eu-west-production", "acme.models.us-east-production", "acme.models.us-west-production")...)},
	"a cluster-scoped kind": {overlay + "kustomization.yaml", "- ../../base\n", "- ../../base\n- role.yaml\n", map[string]string{
		overlay + "role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n",
	}, []string{"kind-not-permitted acme.models.us-east-staging"}},
	"a namespace of the object's own": {overlay + "kustomization.yaml", "\nsortOptions:\n", "\nnamespace: tenant-birch\nsortOptions:\n", nil,
		[]string{"namespace-not-permitted acme.models.us-east-staging"}},
	"a path that is not there": {acme + "models-staging.yaml", "path: golden/tenants/acme/models/overlays/us-west-staging", "path: golden/tenants/acme/models/overlays/us-west", nil,
		[]string{"path-missing acme.models.us-west-staging"}},
	"a path out of the repository": {acme + "models-staging.yaml", "path: golden/tenants/acme/models/overlays/us-west-staging", "path: ../golden", nil,
		[]string{"path-missing acme.models.us-west-staging"}},
	"two Applications of one path and cluster": {acme + "models-staging.yaml", "      - name: acme.models.us-west-staging\n        cluster: us-west-staging\n        destination: us-west-staging\n        environment: staging\n        path: golden/tenants/acme/models/overlays/us-west-staging\n",
		"      - name: acme.models.us-west-staging\n        cluster: us-west-staging\n        destination: us-east-staging\n        environment: staging\n        path: golden/tenants/acme/models/overlays/us-east-staging\n", nil,
		[]string{"shared-object acme.models.us-west-staging"}},
	"an object of another Application": {overlay + "kustomization.yaml", "- ../../base\n", "- ../../base\n- account.yaml\n", map[string]string{
		overlay + "account.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: tenant-acme}\n",
	}, []string{"shared-object acme.models.us-east-staging", "kind-not-permitted acme.models.us-east-staging"}},
	"no kustomization of an overlay": {acme + "models-staging.yaml", "path: golden/tenants/acme/models/overlays/us-west-staging", "path: golden/tenants/acme/models/overlays", nil,
		[]string{"path-broken acme.models.us-west-staging"}},
	"two kustomizations": {overlay + "kustomization.yaml", "- ../../base", "- ../../base", map[string]string{overlay + "kustomization.yml": "resources: [../../base]\n"},
		[]string{"path-broken acme.models.us-east-staging"}},
	"an override of the source": {overlay + "kustomization.yaml", "- ../../base", "- ../../base", map[string]string{overlay + ".argocd-source.yaml": "kustomize: {namePrefix: x}\n"},
		[]string{"path-broken acme.models.us-east-staging"}},
	"an object that is too large": {overlay + "kustomization.yaml", "- ../../base\n", "- ../../base\n- large.yaml\n", map[string]string{
		overlay + "large.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large, namespace: tenant-acme}\ndata: {x: " + strings.Repeat("x", 900<<10) + "}\n",
	}, []string{"too-large acme.models.us-east-staging"}},
	"a file that is too large": {acme + "models-staging.yaml", "# Code", "# " + strings.Repeat("x", 10<<20) + "\n# Code", nil, []string{"unreadable"}},
	"a base that is not there": {overlay + "kustomization.yaml", "- ../../base", "- ../../bass", nil, []string{"path-broken acme.models.us-east-staging"}},
	"a base to be fetched": {overlay + "kustomization.yaml", "- ../../base", "- https://github.com/mallory/base", nil,
		[]string{"path-broken acme.models.us-east-staging"}},
	"a patch of nothing": {overlay + "patches.yaml", "kind: Service\n", "kind: Services\n", nil, []string{"path-broken acme.models.us-east-staging"}},
	"options that a preview does not apply": {acme + "models-staging.yaml", "        targetRevision: main", "        targetRevision: main\n        kustomize: {namePrefix: x}", nil,
		staging(finding.PathBroken)},
	"no step for a region": {acme + "models-production.yaml", "operator: NotIn\n          values:\n", "operator: NotIn\n          values:\n          - eu-west\n", nil,
		[]string{"no-step acme.models.eu-west-production"}},
	"two steps for a region": {acme + "models-production.yaml", "operator: In\n          values:\n", "operator: In\n          values:\n          - eu-west\n", nil,
		[]string{"several-steps acme.models.eu-west-production"}},
	"a set that is too large": {acme + "models-staging.yaml", "        region: us-west\n", "        region: us-west\n        padding: " + strings.Repeat("x", 1300<<10) + "\n", nil,
		[]string{"too-large"}},
	"a root of too many objects": {platform + "project.yaml", "", "", map[string]string{platform + "many.yaml": manyProjects(4000)},
		[]string{"too-large mlfleet.root.platform"}},
}

// manyProjects are n AppProjects in one file.
func manyProjects(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "---\napiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p%d, namespace: argocd}\n", i)
	}
	return out.String()
}

func TestMutations(t *testing.T) {
	logrus.SetOutput(io.Discard) // as the program does
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := parts(t)
			mutate(t, dir, m)
			expect(t, dir, m.want)
		})
	}
}

// Where no root is, nothing reaches the hub, and one finding says so.
func TestNoRoots(t *testing.T) {
	logrus.SetOutput(io.Discard)
	dir := parts(t)
	if err := os.Remove(filepath.Join(dir, "golden/argocd/bootstrap.yaml")); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, []string{"unread"})
}

// A link out of the tree, or to nowhere, is a finding, and the rest is previewed.
func TestLinks(t *testing.T) {
	logrus.SetOutput(io.Discard)
	dir := parts(t)
	for name, to := range map[string]string{"out.yaml": "../../../../secret.yaml", "nowhere.yaml": "missing.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, platform, name)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, dir, []string{"unreadable", "unreadable", "path-broken mlfleet.root.platform"})
}

// Every kind of finding has its mutation, and a line in the documentation.
func TestEveryKindIsProvoked(t *testing.T) {
	source, err := os.ReadFile("finding/finding.go")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	provoked := map[string]bool{}
	for _, m := range mutations {
		for _, w := range m.want {
			kind, _, _ := strings.Cut(w, " ")
			provoked[kind] = true
		}
	}
	kinds := regexp.MustCompile(`Kind += "([a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(kinds) < 15 {
		t.Fatalf("finding.go has %d kinds: are they read?", len(kinds))
	}
	for _, k := range kinds {
		if kind := string(k[1]); !provoked[kind] {
			t.Errorf("no mutation gives %s", kind)
		} else if !bytes.Contains(docs, []byte("`"+kind+"`")) {
			t.Errorf("docs/operations.md does not say what to do about %s", kind)
		}
	}
}

func mutate(t *testing.T, dir string, m mutation) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, m.file))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v %v", m.file, found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range m.more {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(data, []byte(m.old)) {
		t.Fatalf("%s lacks %q: the mutation no longer mutates", m.file, m.old)
	}
	if err := os.WriteFile(found[0], bytes.Replace(data, []byte(m.old), []byte(m.new), 1), 0o666); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, dir string, want []string) {
	t.Helper()
	r, err := preview.Run(t.Context(), dir, preview.Options{Build: true})
	if err != nil {
		t.Fatal(err)
	}
	var got, said []string
	for _, f := range r.Findings {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s", f.Kind, f.Application)))
		said = append(said, f.String())
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\nsaid\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), strings.Join(said, "\n"))
	}
}
