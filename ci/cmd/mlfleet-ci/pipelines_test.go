package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is the repository's, from here.
const root = "../../.."

// ran is what a step of a pipeline runs, and the file that says so.
type ran struct{ file, line string }

// What pipelines run beside make: what GitHub itself needs, and what is in the
// repository for people too.
var beside = []*regexp.Regexp{
	regexp.MustCompile(`^\.ci/run$`),
	regexp.MustCompile(`^sudo sysctl kernel\.apparmor_restrict_unprivileged_userns=0$`), // of the runner, and e2e needs namespaces
	regexp.MustCompile(`^bin/mlfleet (validate|generate --check|diff )`),
	regexp.MustCompile(`^if \[ -x \.cache/golangci-lint \]; then touch `),
	regexp.MustCompile(`^echo "ref=\$\(cat ci/\.cache/image\.ref\)" >> "\$GITHUB_OUTPUT"$`),
}

var target = regexp.MustCompile(`^make (?:-C ([a-z0-9]+) )?([a-z0-9-]+)( [A-Z]+=("[^"]*"|\S*))*$`)

// Pipelines call make targets, and those are there: what a pipeline does, a
// laptop does too.
func TestPipelinesCallMake(t *testing.T) {
	lines := slices.Concat(github(t), gitlab(t))
	if len(lines) < 20 {
		t.Fatalf("the pipelines run %d lines only: are they read?", len(lines))
	}
	for _, r := range lines {
		if slices.ContainsFunc(beside, func(e *regexp.Regexp) bool { return e.MatchString(r.line) }) {
			continue
		}
		if strings.Contains(r.line, "make -C ci ${{ matrix.with }}") {
			for _, with := range []string{"parity", "cosign"} {
				hasTarget(t, r.file, "ci", with)
			}
			continue
		}
		if strings.Contains(r.line, "make ${{ matrix.target }}") {
			for _, name := range []string{"e2e", "e2e-mutations"} {
				hasTarget(t, r.file, "", name)
			}
			continue
		}
		m := target.FindStringSubmatch(expression.ReplaceAllString(r.line, "x"))
		if m == nil {
			t.Errorf("%s runs %q, which is no make target", r.file, r.line)
			continue
		}
		hasTarget(t, r.file, m[1], m[2])
	}
}

func hasTarget(t *testing.T, file, folder, name string) {
	t.Helper()
	makefile := read(t, filepath.Join(folder, "Makefile"))
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `:`).Match(makefile) {
		t.Errorf("%s makes %s, which %s does not have", file, name, filepath.Join(folder, "Makefile"))
	}
}

// expression is GitHub's, replaced before a shell sees the line.
var expression = regexp.MustCompile(`\$\{\{[^}]*\}\}`)

var pinned = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+@[0-9a-f]{40}$`)

type workflow struct {
	Permissions *permissions   `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type permissions map[string]string

type job struct {
	Permissions *permissions `yaml:"permissions"`
	Timeout     int          `yaml:"timeout-minutes"`
	Environment string       `yaml:"environment"`
	Strategy    struct {
		Parallel int            `yaml:"max-parallel"`
		Matrix   map[string]any `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []struct {
		Uses string            `yaml:"uses"`
		Run  string            `yaml:"run"`
		With map[string]any    `yaml:"with"`
		Env  map[string]string `yaml:"env"`
	} `yaml:"steps"`
}

// The workflows take actions by commit, ask for no more than they need, and keep
// the key that signs from what others can change.
func TestWorkflows(t *testing.T) {
	for file, w := range workflows(t) {
		if w.Permissions == nil {
			t.Errorf("%s: no permissions at the top: a job would get the repository's default", file)
		} else if !harmless(*w.Permissions) {
			t.Errorf("%s: the permissions of all jobs are %v", file, *w.Permissions)
		}
		for name, j := range w.Jobs {
			where := file + ", " + name
			if j.Timeout == 0 {
				t.Errorf("%s: no timeout-minutes: a hung job would cost six hours", where)
			}
			if len(*w.Permissions) == 0 && j.Permissions == nil {
				t.Errorf("%s: no permissions, and none at the top", where)
			}
			checkSteps(t, where, j)
		}
	}
}

func checkSteps(t *testing.T, where string, j job) {
	t.Helper()
	signs := false
	for _, s := range j.Steps {
		_, key := s.Env["MLFLEET_SIGNING_KEY"]
		signs = signs || key
	}
	if signs && j.Environment != "signing" {
		t.Errorf("%s: it has the key that signs, and is not in the environment that guards it", where)
	}
	if signs && j.Strategy.Matrix != nil && j.Strategy.Parallel != 1 {
		t.Errorf("%s: it signs, several times at once: two that have one image in common lose what the other says", where)
	}
	if signs && j.Permissions != nil && ((*j.Permissions)["contents"] != "read" || (*j.Permissions)["pull-requests"] != "") {
		t.Errorf("%s: it has the key that signs and may write to the repository: %v", where, *j.Permissions)
	}
	for _, s := range j.Steps {
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s: %q is not pinned by commit", where, s.Uses)
		}
		if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
			t.Errorf("%s: the checkout leaves its token on the disk", where)
		}
		if signs && strings.HasPrefix(s.Uses, "actions/setup-go@") && s.With["cache"] != false {
			t.Errorf("%s: it signs, and takes a cache that others may have filled", where)
		}
		if strings.Contains(s.Run, "${{ inputs") || strings.Contains(s.Run, "${{ github") {
			t.Errorf("%s: %q pastes text from outside into a shell", where, s.Run)
		}
	}
}

func harmless(p permissions) bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(p)), func(v string) bool { return v != "read" && v != "none" })
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("the workflows are %q, %v", files, err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(read(t, name), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = w
	}
	return all
}

func github(t *testing.T) []ran {
	t.Helper()
	var lines []ran
	for file, w := range workflows(t) {
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Run != "" {
					lines = append(lines, ran{file, strings.TrimSpace(s.Run)})
				}
			}
		}
	}
	return lines
}

// gitlab reads the same of GitLab's jobs, and looks at what can be wrong there.
func gitlab(t *testing.T) []ran {
	t.Helper()
	const file = "ci/gitlab-ci.yml"
	var jobs map[string]yaml.Node
	if err := yaml.Unmarshal(read(t, file), &jobs); err != nil {
		t.Fatal(err)
	}
	var lines []ran
	for name, node := range jobs {
		var j struct {
			Stage       string   `yaml:"stage"`
			Image       string   `yaml:"image"`
			Environment string   `yaml:"environment"`
			Resource    string   `yaml:"resource_group"`
			Rules       []any    `yaml:"rules"`
			Cache       any      `yaml:"cache"`
			Script      []string `yaml:"script"`
		}
		if name == "stages" || name == "variables" || name == "default" || strings.HasPrefix(name, ".") {
			continue
		}
		if err := node.Decode(&j); err != nil {
			t.Fatalf("%s, %s: %v", file, name, err)
		}
		if j.Stage == "" || len(j.Rules) == 0 || len(j.Script) == 0 {
			t.Errorf("%s, %s: it lacks its stage, its rules or its script", file, name)
		}
		if signs := j.Environment == "signing"; signs && (!strings.Contains(j.Image, "@$GO_IMAGE_DIGEST") || j.Resource != "signing") {
			t.Errorf("%s, %s: it signs, in the image %q and the resource group %q: name the image by digest, and the group of all that sign", file, name, j.Image, j.Resource)
		}
		for _, line := range j.Script {
			if (strings.HasPrefix(line, "make -C ci image ") || line == "make -C ci rescan") && j.Environment != "signing" {
				t.Errorf("%s, %s: it signs outside of the environment that guards the key", file, name)
			}
			if strings.HasPrefix(line, "make -C ci pull-request") && (j.Environment == "" || j.Environment == "signing") {
				t.Errorf("%s, %s: the token that writes to the repository is that of the environment %q", file, name, j.Environment)
			}
			if (strings.HasPrefix(line, "make -C ci pin ") || strings.HasPrefix(line, "make -C ci promote")) && !strings.Contains(line, "--builder https://$CI_CONFIG_REF_URI") {
				t.Errorf("%s, %s: %q takes an image that anybody with the key built", file, name, line)
			}
			lines = append(lines, ran{file, line})
			if strings.HasPrefix(line, "make -C ci image ") && j.Cache != nil {
				t.Errorf("%s, %s: it signs, and takes a cache that others may have filled", file, name)
			}
		}
	}
	return lines
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
