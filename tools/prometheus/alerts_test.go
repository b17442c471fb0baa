package prometheus

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// Every alert comes when it should, does not when it need not, and does not for what
// happens to somebody else.
func TestEveryAlertBothWays(t *testing.T) {
	tried := map[string]bool{}
	for _, f := range shapes(t) {
		has := alertKeys(f)
		for _, sc := range scenarios() {
			key := ruleKey(sc.alert, sc.severity, sc.window)
			if !slices.Contains(has, key) {
				continue
			}
			tried[f.model+" "+key] = true
			t.Run(f.tenant+"/"+f.model+"/"+key, func(t *testing.T) {
				t.Parallel()
				sc.check(t, f, key)
			})
		}
		for _, key := range has {
			if !tried[f.model+" "+key] {
				t.Errorf("%s: %s of model %s has no scenario", f.path, key, f.model)
			}
		}
	}
}

func (sc scenario) check(t *testing.T, f *ruleFile, key string) {
	found := firing(t, f, key, sc.fires(f.subject, sc.over), sc.over)
	if len(found) == 0 {
		t.Error("does not fire")
	}
	for _, alert := range found {
		for label, want := range map[string]string{"namespace": "tenant-" + f.tenant, "tenant": f.tenant, "model": f.model} {
			if got := alert.Labels.Get(label); got != want {
				t.Errorf("label %s is %q, want %q", label, got, want)
			}
		}
		description := alert.Annotations.Get("description")
		if strings.Contains(description, "{{") || strings.Contains(description, "<error") || strings.Contains(description, "Pod  ") {
			t.Errorf("its description reads %q", description)
		}
	}
	for name, story := range sc.quiet {
		if found := firing(t, f, key, story(f.subject, sc.over), sc.over); len(found) > 0 {
			t.Errorf("fires although %s: %v", name, found[0].Labels)
		}
	}
	// Models whose names begin with this one's, as its canary's does, and a tenant's likewise.
	neighbour, canary, namesake := f.subject, f.subject, f.subject
	neighbour.model += "-b"
	canary.model += "-canary"
	namesake.tenant += "-b"
	others := slices.Concat(sc.fires(neighbour, sc.over), sc.fires(canary, sc.over), sc.fires(namesake, sc.over))
	if found := firing(t, f, key, others, sc.over); len(found) > 0 {
		t.Errorf("fires for somebody else: %v", found[0].Labels)
	}
}

func alertKeys(f *ruleFile) []string {
	var keys []string
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				keys = append(keys, ruleKey(r.Alert, r.Labels["severity"], r.Labels["long_window"]))
			}
		}
	}
	return keys
}

// Alertmanager routes by severity and namespace; people by the rest.
func TestEveryAlertSaysWhatItIs(t *testing.T) {
	for _, f := range ruleFiles(t) {
		for _, g := range f.Groups {
			if g.Labels["namespace"] != "tenant-"+f.tenant || g.Labels["tenant"] != f.tenant || g.Labels["model"] != f.model {
				t.Errorf("%s: group %s has labels %v", f.path, g.Name, g.Labels)
			}
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				if s := r.Labels["severity"]; s != "critical" && s != "warning" {
					t.Errorf("%s: %s has severity %q", f.path, r.Alert, s)
				}
				page := "../../docs/runbooks/" + path.Base(r.Annotations["runbook_url"])
				if _, err := os.Stat(page); err != nil {
					t.Errorf("%s: the runbook of %s: %v", f.path, r.Alert, err)
				}
				for _, annotation := range []string{"summary", "description", "dashboard"} {
					if r.Annotations[annotation] == "" {
						t.Errorf("%s: %s has no %s", f.path, r.Alert, annotation)
					}
				}
			}
		}
	}
}
