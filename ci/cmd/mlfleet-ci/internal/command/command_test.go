package command

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/policy"
)

func newApp(environment map[string]string) *app {
	return &app{stdout: bufio.NewWriter(io.Discard), stderr: io.Discard, getenv: func(name string) string { return environment[name] }}
}

// Every command says what it does and shows how, on a terminal's width.
func TestCommandsAreDocumented(t *testing.T) {
	var look func(cmd *cobra.Command)
	commands := 0
	look = func(cmd *cobra.Command) {
		commands++
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" {
			t.Errorf("%s lacks its short or long help, or examples", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if len(strings.TrimRight(line, "\n")) > 90 {
				t.Errorf("%s: a line of help is too long for a terminal: %q", cmd.CommandPath(), line)
			}
		}
		for _, below := range cmd.Commands() {
			look(below)
		}
	}
	look(newApp(nil).root())
	if commands < 12 {
		t.Errorf("there are %d commands only", commands)
	}
}

// Who builds is what the CI says; what it says is what --builder asks for.
func TestBuilder(t *testing.T) {
	for _, test := range []struct {
		environment  map[string]string
		id, run, num string
	}{
		{nil, "https://mlfleet.dev/ci/laptop", "", ""},
		{map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "mlfleet/mlfleet", "GITHUB_RUN_ID": "42",
			"GITHUB_WORKFLOW_REF": "mlfleet/mlfleet/.github/workflows/image.yml@refs/heads/main",
		}, "https://github.com/mlfleet/mlfleet/.github/workflows/image.yml@refs/heads/main", "https://github.com/mlfleet/mlfleet/actions/runs/42", "42"},
		{map[string]string{
			"GITLAB_CI": "true", "CI_CONFIG_REF_URI": "gitlab.com/mlfleet/mlfleet//ci/gitlab-ci.yml@refs/heads/main",
			"CI_JOB_URL": "https://gitlab.com/mlfleet/mlfleet/-/jobs/7", "CI_JOB_ID": "7",
		}, "https://gitlab.com/mlfleet/mlfleet//ci/gitlab-ci.yml@refs/heads/main", "https://gitlab.com/mlfleet/mlfleet/-/jobs/7", "7"},
	} {
		b := newApp(test.environment).builder()
		if b.ID != test.id || b.Run != test.run || b.RunID != test.num {
			t.Errorf("%v: %+v", test.environment, b)
		}
	}
}

// What our image must show: our source, and the policy's gate; others' only the gate.
func TestRequirements(t *testing.T) {
	rules := &policy.Policy{}
	rules.Gate.Severities = []string{"critical", "medium", "high"}
	f := &trustFlags{maxScanAge: time.Hour}
	if r := f.requirements(true, rules, time.Time{}); r.Gate != "MEDIUM" || !slices.Equal(r.Sources, []string{image.Repository}) || !r.Provenance || !r.Scan || !r.SBOM {
		t.Errorf("ours: %+v", r)
	}
	if r := f.requirements(false, rules, time.Time{}); r.Gate != "MEDIUM" || r.Sources != nil || r.Provenance || !r.Scan || !r.SBOM {
		t.Errorf("others': %+v", r)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"image", "images", "promote", "verify"}
	for word, want := range map[string]string{"imgae": "image", "prom": "promote", "verfy": "verify", "frobnicate": "", "x": ""} {
		if got := nearest(word, known); got != want {
			t.Errorf("%s: %q, not %q", word, got, want)
		}
	}
}

// A repository says where it is: Docker Hub is nobody's by accident.
func TestRepository(t *testing.T) {
	for _, wrong := range []string{"inference", "mlfleet/inference", "ghcr.io/Mlfleet/x", "ghcr.io/mlfleet/x:v1"} {
		if r, err := repository(wrong); err == nil {
			t.Errorf("%s is taken as %s", wrong, r)
		}
	}
	if r, err := repository("127.0.0.1:5000/mlfleet/x"); err != nil || r.RegistryStr() != "127.0.0.1:5000" {
		t.Errorf("%s, %v", r, err)
	}
}
