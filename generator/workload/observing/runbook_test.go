package observing

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/runbooks")

const runbooksFolder = "../../../docs/runbooks"

// docs/runbooks says what the alerts say, has a page for each and for nothing else.
func TestRunbooksAreCurrent(t *testing.T) {
	pages := Runbooks()
	if *update {
		if err := os.RemoveAll(runbooksFolder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(runbooksFolder, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(runbooksFolder, name+".md"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := os.ReadDir(runbooksFolder)
	if err != nil {
		t.Fatal(err)
	}
	const mend = "run: go test ./generator/workload/observing -run Runbooks -update"
	for _, file := range files {
		got, err := os.ReadFile(filepath.Join(runbooksFolder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if want := pages[strings.TrimSuffix(file.Name(), ".md")]; string(got) != want {
			t.Errorf("%s is not what the alerts say; %s", file.Name(), mend)
		}
	}
	if len(files) != len(pages) {
		t.Errorf("there are %d pages for %d alerts; %s", len(files), len(pages), mend)
	}
}

// An alert that wakes somebody and does not say what to do is half an alert.
func TestEveryAlertHasARunbook(t *testing.T) {
	names := alertsByName()
	for name := range names {
		r, ok := runbookOf[name]
		if !ok || r.meaning == "" || r.impact == "" || len(r.look) == 0 || len(r.mend) == 0 {
			t.Errorf("%s has no complete runbook: %+v", name, r)
		}
		for _, step := range slices.Concat(r.look, r.mend) {
			for rest := step; ; {
				_, after, found := strings.Cut(rest, "](")
				if !found {
					break
				}
				link, tail, _ := strings.Cut(after, ".md)")
				if _, ok := names[link]; !ok {
					t.Errorf("%s refers to %s, which is no alert", name, link)
				}
				rest = tail
			}
		}
	}
	for name := range runbookOf {
		if _, ok := names[name]; !ok {
			t.Errorf("there is a runbook for %s and no such alert", name)
		}
	}
}
