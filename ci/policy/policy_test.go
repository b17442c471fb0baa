package policy_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy logs there
	os.Exit(m.Run())
}

const head = `apiVersion: mlfleet.dev/v1alpha1
kind: ImagePolicy
database: {maximumAge: 72h, reviewedMaximumAge: 2160h}
gate: {severities: [critical, high], unfixed: report, endOfLife: block, unread: report}
`

func read(t *testing.T, text string) (*policy.Policy, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Read(path)
	return p, cutFolder(err, filepath.Dir(path)+"/")
}

type shortened string

func (s shortened) Error() string { return string(s) }

func cutFolder(err error, folder string) error {
	if err == nil {
		return nil
	}
	return shortened(strings.ReplaceAll(err.Error(), folder, ""))
}

func mustRead(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateTime, s)
	if err != nil {
		panic(err)
	}
	return d
}

// The repository's own policy is valid and blocks what it should.
func TestRepositorysPolicy(t *testing.T) {
	p, err := policy.Read("../policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v := p.Judge([]*scan.Result{{Findings: []scan.Finding{{Kind: scan.Vulnerability, ID: "CVE-1", Severity: "CRITICAL", Fixed: "1"}}}}, day("2026-11-23 12:00:00"))
	if v.Passed || p.Database.MaximumAge != 72*time.Hour {
		t.Errorf("passed %v, maximum age %v", v.Passed, p.Database.MaximumAge)
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no expiry":     {head + "waivers:\n- {id: CVE-1, reason: r, owner: o}\n", `policy.yaml:6:3: field "expires" is missing`},
		"no owner":      {head + "waivers:\n- {id: CVE-1, reason: r, expires: 2026-12-31}\n", `policy.yaml:6:3: field "owner" is missing`},
		"empty reason":  {head + "waivers:\n- {id: CVE-1, reason: '', owner: o, expires: 2026-12-31}\n", "policy.yaml:6:23: a text is wanted"},
		"odd date":      {head + "waivers:\n- {id: CVE-1, reason: r, owner: o, expires: soon}\n", `policy.yaml:6:45: a day is wanted (2026-12-31), this is "soon"`},
		"typing slip":   {head + "waivers:\n- {id: CVE-1, reason: r, owner: o, expire: 2026-12-31}\n", `policy.yaml:6:36: unknown field "expire"; did you mean "expires"?`},
		"twice":         {head + "waivers:\n- &a {id: CVE-1, reason: r, owner: o, expires: 2026-12-31}\n", "policy.yaml:6:3: an anchor"},
		"same waiver":   {head + "waivers:\n- {id: CVE-1, reason: r, owner: o, expires: 2026-12-31}\n- {id: CVE-1, reason: s, owner: o, expires: 2027-12-31}\n", "policy.yaml:7:3: CVE-1 is waived at policy.yaml:6:3 already"},
		"severity":      {strings.Replace(head, "high", "hihg", 1), `policy.yaml:4:31: one of unknown, low, medium, high, critical is wanted, this is "hihg"`},
		"no severities": {strings.Replace(head, "critical, high", "", 1), "gate.severities is empty"},
		"no age":        {strings.Replace(head, "72h", "0h", 1), `policy.yaml:3:24: a duration above zero is wanted (72h), this is "0h"`},
		"empty":         {"", "policy.yaml:1:1: it is empty"},
		"two documents": {head + "---\na: b\n", "second document"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := read(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// All mistakes of a file are told at once.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := read(t, head+"waivers:\n- {id: CVE-1, reason: r, owner: o}\n- {reason: r, owner: o, expires: never}\n")
	for _, want := range []string{`6:3: field "expires"`, `7:3: field "id"`, `7:34: a day is wanted`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

const waiver = `waivers:
- id: CVE-2022-32149
  package: golang.org/x/text
  reason: the server never parses Accept-Language
  owner: platform@example.com
  expires: 2026-12-31
- id: CVE-2026-4046
  reason: no character sets of that kind
  owner: platform@example.com
  expires: 2027-06-30
`

// The seeded dependency: it fails the gate, an active waiver passes it, the same waiver past its date fails it.
func TestSeededDependency(t *testing.T) {
	now := day("2026-11-23 12:00:00")
	file, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := advisory.Build(dir, file, now); err != nil {
		t.Fatal(err)
	}
	db, err := advisory.Open(dir, now, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := scan.Image(t.Context(), testimage.Vulnerable(t), db, scan.Options{Name: "ai/server:main", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	bare, waived := mustRead(t, head), mustRead(t, head+waiver)
	for _, c := range []struct {
		name   string
		policy *policy.Policy
		now    time.Time
		passed bool
		says   []string
	}{
		{"no waiver", bare, now, false, []string{
			"BLOCKED  CVE-2022-32149 (HIGH) in golang.org/x/text v0.3.7, usr/bin/vulnerable", "update to 0.3.8",
			"BLOCKED  CVE-2026-4046 (HIGH) in libc6 2.36-9+deb12u13", "gate FAILED: 2 blocked"}},
		{"active waiver", waived, now, true, []string{
			"waived   CVE-2022-32149", "waived by platform@example.com until 2026-12-31", "the server never parses", "gate passed: 0 blocked, 0 with an expired waiver, 2 waived, 1 below"}},
		{"last moment", waived, day("2026-12-31 23:59:59"), true, []string{"gate passed"}},
		{"past its date", waived, day("2027-01-04 00:00:00"), false, []string{
			"EXPIRED  CVE-2022-32149", "the waiver of platform@example.com ended on 2026-12-31, 4 days ago", "update to 0.3.8", "gate FAILED: 0 blocked, 1 with an expired waiver, 1 waived"}},
		{"first moment past", waived, day("2027-01-01 00:00:00"), false, []string{"ended on 2026-12-31, 1 day ago"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := c.policy.Judge([]*scan.Result{r}, c.now)
			text := v.Text()
			t.Logf("\n%s", text)
			if v.Passed != c.passed {
				t.Errorf("passed: %v, want %v", v.Passed, c.passed)
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("the text lacks %q", want)
				}
			}
		})
	}
}

func judge(t *testing.T, text string, f ...scan.Finding) policy.Verdict {
	t.Helper()
	return mustRead(t, text).Judge([]*scan.Result{{Name: "x", Findings: f}}, day("2026-11-23 12:00:00"))
}

// A secret blocks whatever its severity, and only a waiver of its rule in its file lets it pass.
func TestSecretsAlwaysBlock(t *testing.T) {
	secret := scan.Finding{Kind: scan.Secret, ID: "github-pat", Severity: "LOW", Path: "srv/token", Line: 3, Hidden: true, Layer: "sha256:1"}
	v := judge(t, head, secret)
	if v.Passed || !strings.Contains(v.Blocking[0].Text, "srv/token:3, deleted by a later layer but still in sha256:1: revoke it") {
		t.Errorf("verdict %+v", v)
	}
	everywhere := head + "waivers:\n- {id: github-pat, reason: r, owner: o, expires: 2026-12-31}\n"
	if v := judge(t, everywhere, secret); v.Passed || len(v.Unused) != 1 {
		t.Errorf("a rule was waived everywhere: %+v", v)
	}
	here := head + "waivers:\n- {id: github-pat, path: /srv/token, reason: r, owner: o, expires: 2026-12-31}\n"
	if v := judge(t, here, secret); !v.Passed || len(v.Waived) != 1 {
		t.Errorf("waived in its file: %+v", v)
	}
}

func TestUnusedWaiver(t *testing.T) {
	v := judge(t, head+waiver)
	if !v.Passed || len(v.Unused) != 2 || !strings.Contains(v.Text(), "waiver of CVE-2022-32149 in golang.org/x/text matches nothing") {
		t.Errorf("verdict %s", v.Text())
	}
}

// A waiver of one package does not cover another; an active one counts before an ended one.
func TestWhichWaiver(t *testing.T) {
	f := scan.Finding{Kind: scan.Vulnerability, ID: "CVE-1", Severity: "HIGH", Package: "b", Fixed: "2"}
	if v := judge(t, head+"waivers:\n- {id: CVE-1, package: a, reason: r, owner: o, expires: 2026-12-31}\n", f); v.Passed {
		t.Error("a waiver of package a let package b pass")
	}
	both := "waivers:\n- {id: CVE-1, package: b, reason: r, owner: o, expires: 2026-01-01}\n- {id: CVE-1, reason: r, owner: o, expires: 2026-12-31}\n"
	if v := judge(t, head+both, f); !v.Passed || len(v.Waived) != 1 {
		t.Errorf("an ended waiver hid an active one: %s", v.Text())
	}
}

func TestEffects(t *testing.T) {
	unfixed := scan.Finding{Kind: scan.Vulnerability, ID: "CVE-1", Severity: "HIGH", Package: "b", Status: "affected"}
	if v := judge(t, head, unfixed); !v.Passed || len(v.Reported) != 1 {
		t.Errorf("unfixed: report: %s", v.Text())
	}
	if v := judge(t, strings.Replace(head, "unfixed: report", "unfixed: block", 1), unfixed); v.Passed || !strings.Contains(v.Text(), "there is no fixed version (affected)") {
		t.Errorf("unfixed: block: %s", v.Text())
	}
	now := day("2026-11-23 12:00:00")
	old := &scan.Result{Name: "x", OS: "debian 11.11", EndOfLife: true, Unread: map[string]int{"python": 3}}
	v := mustRead(t, head).Judge([]*scan.Result{old}, now)
	if v.Passed || !strings.Contains(v.Text(), "debian 11.11 gets no security updates any more") || len(v.Reported) != 1 {
		t.Errorf("end of life: %s", v.Text())
	}
	strict := strings.NewReplacer("unread: report", "unread: block", "endOfLife: block", "endOfLife: report").Replace(head)
	if v := mustRead(t, strict).Judge([]*scan.Result{old}, now); v.Passed || len(v.Blocking) != 1 || v.Blocking[0].Finding.Package != "python" {
		t.Errorf("unread: %s", v.Text())
	}
}
