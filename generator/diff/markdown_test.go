package diff_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// outside is what stands outside of the fenced blocks of a comment.
func outside(t *testing.T, comment string) string {
	t.Helper()
	var out strings.Builder
	fence := ""
	for line := range strings.Lines(comment) {
		trimmed := strings.TrimRight(line, "\n")
		run := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		switch {
		case fence == "" && len(run) >= 3:
			fence = run
		case fence == "":
			out.WriteString(line)
		case trimmed == strings.Repeat("`", len(trimmed)) && len(trimmed) >= len(fence):
			fence = ""
		case strings.Contains(line, fence):
			t.Errorf("a line inside a block holds its fence: %q", line)
		case line[0] != ' ' && line[0] != '+' && line[0] != '-' && line[0] != '!':
			t.Errorf("a line inside a block begins with no mark: %q", line)
		}
	}
	if fence != "" {
		t.Errorf("a block is not closed:\n%s", comment)
	}
	return out.String()
}

var hostile = []string{
	"```\n</details>\n# taken over",
	"`````",
	"~~~\n<script>alert(1)</script>",
	"@everyone [x](javascript:alert(1)) ![x](http://evil.example/x.png)",
	"| a | b |\n|---|---|\n",
	"\x1b[2J\x1b]0;title\x07cleared",
	"\u202eesrever\u202c",
	"line\rreturn\u2028separator\u0000",
	"{{ .Values }} $(rm -rf /) <!-- ",
}

// TestHostileText puts text that would be markup everywhere that text can come
// from: values, keys, names of objects, tenants and files.
func TestHostileText(t *testing.T) {
	for i, bad := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			object := func(value string) manifest.Node {
				return manifest.Map(
					manifest.Field{Key: "apiVersion", Value: manifest.String("v1")},
					manifest.Field{Key: "kind", Value: manifest.String("ConfigMap")},
					manifest.Field{Key: "metadata", Value: manifest.Strings(map[string]string{"name": "x" + bad})},
					manifest.Field{Key: "data", Value: manifest.Strings(map[string]string{"key" + bad: value, "plain": value})},
				)
			}
			folder := strings.ReplaceAll(bad, "/", "_")
			at := func(value string) tree.Tree {
				o, err := manifest.NewObject(object(value))
				if err != nil {
					t.Fatal(err)
				}
				return tree.Tree{
					"manifests/c" + folder + "/t" + folder + "/models/manifests.yaml": manifest.File(o),
				}
			}
			files := at(bad)
			files["argocd/"+folder] = []byte("not objects")
			old := onDisk(at("before"))
			old["argocd/"+folder] = onDisk(tree.Tree{"x": []byte("[" + bad)})["x"]
			delete(files, "argocd/"+folder)
			d, err := diff.Trees(old, files.Files())
			if err != nil {
				t.Fatal(err)
			}
			comment := markdown(t, d)
			around := outside(t, comment)
			for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(around, -1) {
				switch tag {
				case "<details open>", "</details>", "<summary>", "</summary>", "<b>", "</b>", "<code>", "</code>":
				default:
					t.Errorf("the tag %s stands outside of the blocks:\n%s", tag, around)
				}
			}
			if strings.ContainsAny(around, "`@[\\") {
				t.Errorf("markup outside of the blocks:\n%s", around)
			}
			for form, printed := range map[string]string{"text": text(t, d), "markdown": comment} {
				for _, r := range printed {
					if r != '\n' && !unicode.IsPrint(r) {
						t.Errorf("%s prints %U", form, r)
					}
				}
			}
		})
	}
}

// TestCommentFits makes changes that no comment can hold, in many tenants and in
// one, of many objects and of one.
func TestCommentFits(t *testing.T) {
	for name, size := range map[string]struct{ tenants, objects, value int }{
		"many tenants":    {3000, 1, 10},
		"many objects":    {1, 3000, 10},
		"one large value": {1, 1, 200_000},
	} {
		t.Run(name, func(t *testing.T) {
			old, files := tree.Tree{}, tree.Tree{}
			for i := range size.tenants {
				path := fmt.Sprintf("manifests/c/tenant-%d/models/manifests.yaml", i)
				var before, after []manifest.Object
				for j := range size.objects {
					before = append(before, configMap(t, fmt.Sprintf("m%d", j), "old"))
					after = append(after, configMap(t, fmt.Sprintf("m%d", j), strings.Repeat("v", size.value)+fmt.Sprint(i)))
				}
				old[path], files[path] = manifest.File(before...), manifest.File(after...)
			}
			d, err := diff.Trees(onDisk(old), files.Files())
			if err != nil {
				t.Fatal(err)
			}
			comment := markdown(t, d)
			if len(comment) > 65_536 {
				t.Errorf("the comment has %d bytes", len(comment))
			}
			around := outside(t, comment)
			changes := size.tenants * size.objects
			shown := strings.Count(comment, "~ ConfigMap")
			if changes == 1 {
				if shown != 1 || !strings.Contains(comment, "more characters)") {
					t.Errorf("one large value: %d shown\n%s", shown, comment)
				}
				return
			}
			if shown < 300 || shown >= changes {
				t.Errorf("%d of %d changes are shown", shown, changes)
			}
			if want := fmt.Sprintf("%d more changes not shown", changes-shown); !strings.Contains(around, want) {
				t.Errorf("the comment does not say %q:\n%s", want, around)
			}
			if got := strings.Count(text(t, d), "~ ConfigMap"); got != changes {
				t.Errorf("the text shows %d of %d changes", got, changes)
			}
		})
	}
}

// One change is shortened to leave room for others: one that thousands of tenants
// share, and one of thousands of lines.
func TestLongChangesLeaveRoom(t *testing.T) {
	old, files := tree.Tree{}, tree.Tree{}
	for i := range 3000 {
		path := fmt.Sprintf("manifests/c/tenant-%d/models/manifests.yaml", i)
		old[path] = manifest.File(configMap(t, "shared", "old"))
		files[path] = manifest.File(configMap(t, "shared", "new"))
	}
	old["manifests/c/platform/manifests.yaml"] = manifest.File(configMap(t, "long", "x"))
	files["manifests/c/platform/manifests.yaml"] = manifest.File(configMap(t, "long", strings.Repeat("line\n", 9000)))
	old["manifests/c/last/models/manifests.yaml"] = manifest.File(configMap(t, "last", "before"))
	files["manifests/c/last/models/manifests.yaml"] = manifest.File(configMap(t, "last", "after"))
	d, err := diff.Trees(onDisk(old), files.Files())
	if err != nil {
		t.Fatal(err)
	}
	comment := markdown(t, d)
	outside(t, comment)
	for _, want := range []string{"3000 ConfigMaps of 3000 tenants", "data.key: old → new", "~ ConfigMap long", "more lines)", "data.key: before → after"} {
		if !strings.Contains(comment, want) {
			t.Errorf("the comment lacks %q", want)
		}
	}
	if len(comment) > 65_536 || strings.Contains(comment, "not shown") {
		t.Errorf("%d bytes, ending in %q", len(comment), comment[max(0, len(comment)-300):])
	}
}

// A long value is shortened where both are alike, not where they differ.
func TestLongValuesShowWhereTheyDiffer(t *testing.T) {
	const path = "manifests/c/acme/models/manifests.yaml"
	long := strings.Repeat("x", 5000)
	old := tree.Tree{path: manifest.File(configMap(t, "m", long+"before"))}
	files := tree.Tree{path: manifest.File(configMap(t, "m", long+"after"))}
	d, err := diff.Trees(onDisk(old), files.Files())
	if err != nil {
		t.Fatal(err)
	}
	for form, printed := range map[string]string{"text": text(t, d), "markdown": markdown(t, d)} {
		if !strings.Contains(printed, "xbefore\n") || !strings.Contains(printed, "xafter\n") || len(printed) > 2000 {
			t.Errorf("%s:\n%s", form, printed)
		}
	}
}

func TestColour(t *testing.T) {
	const path = "manifests/c/acme/models/manifests.yaml"
	d, err := diff.Trees(onDisk(tree.Tree{}), tree.Tree{path: manifest.File(configMap(t, "m", "v"))}.Files())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := d.Text(&b, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[32m    + ConfigMap m\x1b[0m\n") || strings.Contains(text(t, d), "\x1b") {
		t.Errorf("in colour:\n%q\nwithout:\n%q", b.String(), text(t, d))
	}
}

func configMap(t *testing.T, name, value string) manifest.Object {
	t.Helper()
	o, err := manifest.NewObject(manifest.Map(
		manifest.Field{Key: "apiVersion", Value: manifest.String("v1")},
		manifest.Field{Key: "kind", Value: manifest.String("ConfigMap")},
		manifest.Field{Key: "metadata", Value: manifest.Strings(map[string]string{"name": name})},
		manifest.Field{Key: "data", Value: manifest.Strings(map[string]string{"key": value})},
	))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
