package schema

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	schemas "github.com/mlfleet/mlfleet/cue"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

var update = flag.Bool("update", false, "write the findings that Check gives into testdata")

// Every file of testdata is a bad document and all that Check says about it, in
// one run. Its first line names the definition; what follows tells what the case
// is about. Run with -update, and read the difference as a tenant would.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	rules := newSchema(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) != 2 || archive.Files[0].Name != "bad.yaml" || archive.Files[1].Name != "findings" {
				t.Fatal("want the files bad.yaml and findings")
			}
			definition, _, _ := strings.Cut(string(archive.Comment), "\n")
			findings := check(t, rules, definition, archive.Files[0].Data)
			if len(findings) == 0 {
				t.Fatal("the document was accepted")
			}
			for _, f := range findings {
				legible(t, f)
			}
			got := printed(t, findings)
			if *update {
				archive.Files[1].Data = got
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := archive.Files[1].Data; !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func newSchema(t testing.TB) *Schema {
	t.Helper()
	rules, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func check(t testing.TB, rules *Schema, definition string, data []byte) fleet.Findings {
	t.Helper()
	value, findings := input.Parse("bad.yaml", data)
	if findings != nil {
		t.Fatal(findings)
	}
	findings, err := rules.Check(definition, value)
	if err != nil {
		t.Fatal(err)
	}
	return findings.Sorted()
}

// printed gives findings field by field, and each rule by its text instead of
// its line, so that moving a rule changes no case.
func printed(t testing.TB, findings fleet.Findings) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, f := range findings {
		fmt.Fprintf(&b, "%d:%d %s\n", f.Line, f.Column, f.Message)
		if f.Expected != "" {
			fmt.Fprintf(&b, "    expected: %s\n", f.Expected)
		}
		if f.Fix != "" {
			fmt.Fprintf(&b, "    fix: %s\n", f.Fix)
		}
		for _, rule := range f.Rules {
			fmt.Fprintf(&b, "    rule: %s\n", ruleText(t, rule))
		}
	}
	return b.Bytes()
}

// ruleText is the line of a schema file that a rule stands on.
func ruleText(t testing.TB, rule string) string {
	t.Helper()
	parts := strings.Split(rule, ":")
	data, err := schemas.Files.ReadFile(strings.TrimPrefix(parts[0], "cue/"))
	if err != nil {
		t.Fatal(err)
	}
	line, err := strconv.Atoi(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return parts[0] + " " + strings.TrimSpace(strings.Split(string(data), "\n")[line-1])
}

// jargon is what only somebody who knows CUE, or Go, can read.
var jargon = regexp.MustCompile(`=~|!~|_\|_|#[A-Z]|\^|disjunction|conflicting|invalid value|out of bound|not allowed|incomplete|mismatched|unify|struct|matchN|explicit error|cannot combine|list\.|strings\.|%!|<nil>`)

// legible requires what every finding of a document owes its reader: a place, a
// message, what to do, and nothing that CUE would say.
func legible(t testing.TB, f fleet.Finding) {
	t.Helper()
	if f.Line < 1 || f.Column < 1 || f.File == "" {
		t.Errorf("%s has no place", f)
	}
	if f.Severity != fleet.Error {
		t.Errorf("%s is of severity %q", f, f.Severity)
	}
	if f.Expected == "" && f.Fix == "" {
		t.Errorf("%s says neither what was expected nor what to do", f)
	}
	// The message may quote the input; the expectation is our own text.
	if m := jargon.FindString(f.Expected + f.Fix); m != "" {
		t.Errorf("%s speaks CUE: %q", f, m)
	}
	if len(f.Rules) == 0 {
		t.Errorf("%s names no rule", f)
	}
}
