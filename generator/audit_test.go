package generator_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/tree"
)

var update = flag.Bool("update", false, "write the answers into the page of audits")

// auditPage says what auditors ask a cluster, and auditCluster which one.
const (
	auditPage    = "../docs/audit.md"
	auditCluster = "us-east-production"
)

// query is a command of the page, as it is answered from golden/: what kubectl does with
// it, as far as the page goes.
type query struct {
	kind     string // as kubectl calls it: rolebindings
	selector labels.Selector
	columns  []column // none with -o name
}

type column struct {
	title string
	path  []string // field names; "*" is every element of a list
}

var auditCommand = regexp.MustCompile(`^\$ kubectl get ([a-z]+)( -A)? -l (?:'([^']+)'|(\S+)) -o (name|custom-columns=(\S+))$`)

func parseQuery(t *testing.T, line string) query {
	t.Helper()
	m := auditCommand.FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("%s: a command that the test cannot ask: %s", auditPage, line)
	}
	selector, err := labels.Parse(m[3] + m[4])
	if err != nil {
		t.Fatalf("%s: %s: %v", auditPage, line, err)
	}
	q := query{kind: m[1], selector: selector}
	if m[6] == "" {
		return q
	}
	for c := range strings.SplitSeq(m[6], ",") {
		title, path, _ := strings.Cut(c, ":.")
		q.columns = append(q.columns, column{title, fieldPath(path)})
	}
	return q
}

// fieldPath splits kubectl's path at the dots that are not escaped.
func fieldPath(path string) []string {
	const dot = "\x00"
	parts := strings.Split(strings.ReplaceAll(strings.ReplaceAll(path, `\.`, dot), "[*]", ".*"), ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], dot, ".")
	}
	return parts
}

// at are the values at a path, as kubectl prints them.
func at(v any, path []string) string {
	if len(path) == 0 {
		return fmt.Sprint(v)
	}
	if path[0] == "*" {
		list, _ := v.([]any)
		var out []string
		for _, item := range list {
			out = append(out, at(item, path[1:]))
		}
		return strings.Join(out, ",")
	}
	m, _ := v.(map[string]any)
	if m[path[0]] == nil {
		return "<none>"
	}
	return at(m[path[0]], path[1:])
}

// answer is what the cluster's objects say, line by line, sorted as kubectl sorts them:
// by namespace and name.
func (q query) answer(t *testing.T, files tree.Tree) []string {
	t.Helper()
	type row struct{ namespace, name, text string }
	var rows []row
	for path := range below(files, "manifests/"+auditCluster+"/") {
		for _, o := range objects(t, files[path]) {
			if resource(o.text("kind")) != q.kind || !q.selector.Matches(labelsOf(o)) {
				continue
			}
			r := row{o.text("metadata", "namespace"), o.text("metadata", "name"), q.singular(o) + "/" + o.text("metadata", "name")}
			if q.columns != nil {
				var cells []string
				for _, c := range q.columns {
					cells = append(cells, at(map[string]any(o), c.path))
				}
				r.text = strings.Join(cells, " | ")
			}
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return strings.Compare(a.namespace+"/"+a.name, b.namespace+"/"+b.name)
	})
	var out []string
	if q.columns != nil {
		var titles []string
		for _, c := range q.columns {
			titles = append(titles, c.title)
		}
		out = append(out, strings.Join(titles, " | "))
	}
	for _, r := range rows {
		out = append(out, r.text)
	}
	return out
}

// singular is an object's type in the answer to -o name.
func (q query) singular(o object) string {
	name := strings.ToLower(o.text("kind"))
	if group, _, grouped := strings.Cut(o.text("apiVersion"), "/"); grouped {
		return name + "." + group
	}
	return name
}

// resource is how kubectl calls the objects of a kind.
func resource(kind string) string {
	name := strings.ToLower(kind)
	switch before, ok := strings.CutSuffix(name, "y"); {
	case ok:
		return before + "ies"
	case strings.HasSuffix(name, "s"):
		return name + "es"
	}
	return name + "s"
}

func labelsOf(o object) labels.Set {
	set := labels.Set{}
	metadata, _ := o["metadata"].(map[string]any)
	all, _ := metadata["labels"].(map[string]any)
	for key, value := range all {
		set[key], _ = value.(string)
	}
	return set
}

// Every query of the page finds in golden/ what the page says. The answers are written
// into the page, with bars between columns, by
//
//	go test ./generator -run TestAuditPage -update
func TestAuditPage(t *testing.T) {
	_, files := sample(t)
	data, err := os.ReadFile(filepath.FromSlash(auditPage))
	if err != nil {
		t.Fatal(err)
	}
	var page []string
	queries, inAnswer := 0, false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "$ kubectl"):
			q := parseQuery(t, line)
			answer := q.answer(t, files)
			if found := len(answer); found == 0 || q.columns != nil && found == 1 {
				t.Errorf("nothing is found by: %s", line)
			}
			page = append(append(page, line), answer...)
			queries, inAnswer = queries+1, true
		case inAnswer && line != "```": // the old answer
		default:
			inAnswer = false
			page = append(page, line)
		}
	}
	if queries < 10 {
		t.Errorf("%s has %d queries", auditPage, queries)
	}
	want := strings.Join(page, "\n") + "\n"
	if want == string(data) {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(auditPage), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s does not say what golden/ answers: run go test ./generator -run TestAuditPage -update, and read the difference\n%s", auditPage, want)
}

// What the page says of labels and annotations holds for every tenant in every cluster.
func TestAuditLabelsAreComplete(t *testing.T) {
	f, files := sample(t)
	grantees := []string{"Role", "RoleBinding", "ServiceAccount"}
	for p := range f.Placements() {
		spec := p.Tenant.Spec
		for path := range below(files, "manifests/"+p.Cluster.Name+"/"+p.Tenant.Name+"/guardrails/") {
			for _, o := range objects(t, files[path]) {
				have := labelsOf(o)
				for label, want := range map[string]string{
					"mlfleet.dev/tenant": p.Tenant.Name, "mlfleet.dev/tier": spec.Tier,
					"mlfleet.dev/owner": p.Tenant.Group(), "mlfleet.dev/cost-center": spec.CostCenter,
				} {
					if have[label] != want {
						t.Errorf("%s: %s: label %s is %q, want %q", path, o.identity(), label, have[label], want)
					}
				}
				if slices.Contains(grantees, o.text("kind")) && have["mlfleet.dev/grantee"] == "" {
					t.Errorf("%s: %s does not say whom it gives rights to", path, o.identity())
				}
				if o.text("kind") == "Namespace" {
					file := o.text("metadata", "annotations", "mlfleet.dev/agreement")
					if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil || file == "" {
						t.Errorf("%s: the agreement is in %q: %v", path, file, err)
					}
				}
			}
		}
	}
}
