package provenance_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var sha1 = strings.Repeat("1a", 20)

func build() *provenance.Build {
	started := now.Add(-time.Minute)
	return &provenance.Build{
		Definition: provenance.Definition{
			BuildType:  provenance.BuildType,
			Parameters: provenance.Parameters{Source: "https://github.com/mlfleet/mlfleet", Revision: sha1, Version: "main-1a1a1a1", Base: "debian", Platforms: []string{"linux/amd64"}},
			Dependencies: []provenance.Resource{
				{URI: "git+https://github.com/mlfleet/mlfleet@refs/heads/main", Digest: map[string]string{"gitCommit": sha1}},
				{URI: "pkg:deb/debian/libc6@2.36-9?arch=amd64", Name: "libc6", Digest: map[string]string{"sha256": strings.Repeat("2b", 32)}},
			},
		},
		Run: provenance.Run{
			Builder:    provenance.Builder{ID: "https://ci.example/image", Version: map[string]string{"go": "1.26"}},
			Metadata:   provenance.RunMetadata{InvocationID: "7", Started: &started, Finished: &now},
			Byproducts: []provenance.Resource{{Name: "build log", Digest: map[string]string{"sha512": strings.Repeat("3c", 64)}}},
		},
	}
}

func scan() *provenance.Scan {
	return &provenance.Scan{
		Invocation: provenance.Invocation{Parameters: []string{"--offline"}, URI: "https://ci.example/runs/7", EventID: "7", BuilderID: "https://ci.example/image"},
		Scanner: provenance.Scanner{
			URI: "pkg:golang/github.com/aquasecurity/trivy@v0.74.0", Version: "v0.74.0", DB: provenance.Database{URI: "ghcr.io/aquasecurity/trivy-db:2", Version: "2"},
			Result: provenance.Result{
				Version: provenance.ResultVersion, Passed: true, Policy: provenance.Policy{Gate: "HIGH", Digest: strings.Repeat("4d", 32)}, DBUpdated: now.Add(-time.Hour), Platforms: []string{"linux/amd64"},
				Findings: []provenance.Finding{
					{ID: "CVE-1", Severity: "HIGH", Package: "libc6", Version: "2.36-9", Fixed: "2.36-10", Target: "debian 12", Waived: true},
					{ID: "CVE-2", Severity: "LOW", Package: "tzdata"},
				},
				Waivers: []provenance.Waiver{{ID: "CVE-1", Package: "libc6", Reason: "not reachable", Owner: "platform", Expires: now.AddDate(0, 1, 0)}},
			},
		},
		Metadata: provenance.ScanMetadata{Started: now.Add(-time.Second), Finished: now},
	}
}

// What is encoded decodes to the same, and has the formats' own field names.
func TestRoundTrip(t *testing.T) {
	data, err := build().Encode()
	if err != nil {
		t.Fatal(err)
	}
	gotBuild, err := provenance.DecodeBuild(data)
	if err != nil || !reflect.DeepEqual(gotBuild, build()) {
		t.Errorf("%+v, %v", gotBuild, err)
	}
	fields(t, data, map[string]any{
		"buildDefinition.buildType": provenance.BuildType, "buildDefinition.externalParameters.revision": sha1,
		"runDetails.builder.id": "https://ci.example/image", "runDetails.metadata.invocationId": "7",
		"runDetails.metadata.finishedOn": "2026-03-02T12:00:00Z",
	})
	if data, err = scan().Encode(); err != nil {
		t.Fatal(err)
	}
	gotScan, err := provenance.DecodeScan(data)
	if err != nil || !reflect.DeepEqual(gotScan, scan()) {
		t.Errorf("%+v, %v", gotScan, err)
	}
	fields(t, data, map[string]any{
		"invocation.uri": "https://ci.example/runs/7", "invocation.event_id": "7", "scanner.db.version": "2",
		"scanner.result.passed": true, "metadata.scanFinishedOn": "2026-03-02T12:00:00Z",
	})
}

// fields checks values by their paths in JSON.
func fields(t *testing.T, data []byte, want map[string]any) {
	t.Helper()
	for path, value := range want {
		var got any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for word := range strings.SplitSeq(path, ".") {
			m, _ := got.(map[string]any)
			got = m[word]
		}
		if got != value {
			t.Errorf("%s is %v, want %v", path, got, value)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for says, change := range map[string]func(*provenance.Build){
		`buildType is "https://other"`:             func(b *provenance.Build) { b.Definition.BuildType = "https://other" },
		"source is empty":                          func(b *provenance.Build) { b.Definition.Parameters.Source = "" },
		`revision is "main"`:                       func(b *provenance.Build) { b.Definition.Parameters.Revision = "main" },
		"builder.id is empty":                      func(b *provenance.Build) { b.Run.Builder.ID = "" },
		"neither uri nor name":                     func(b *provenance.Build) { b.Definition.Dependencies[0] = provenance.Resource{} },
		"libc6 has no digest":                      func(b *provenance.Build) { b.Definition.Dependencies[1] = provenance.Resource{Name: "libc6"} },
		"none of sha256, sha512, gitCommit":        func(b *provenance.Build) { b.Run.Byproducts[0].Digest = map[string]string{"md5": "00"} },
		`"abc" is no sha256 digest`:                func(b *provenance.Build) { b.Definition.Dependencies[1].Digest = map[string]string{"sha256": "abc"} },
		"and externalParameters.revision is 2a2a2": func(b *provenance.Build) { b.Definition.Parameters.Revision = strings.Repeat("2a", 20) },
		"before it started":                        func(b *provenance.Build) { early := now.Add(-time.Hour); b.Run.Metadata.Finished = &early },
	} {
		b := build()
		change(b)
		if _, err := b.Encode(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provenance.DecodeBuild(data); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("decoding: want %q, got %v", says, err)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	type result = provenance.Result
	for says, change := range map[string]func(*provenance.Scan, *result){
		"result.version is 1":                             func(_ *provenance.Scan, r *result) { r.Version = 1 },
		"scanner.uri is empty":                            func(s *provenance.Scan, _ *result) { s.Scanner.URI = "" },
		"says no time":                                    func(s *provenance.Scan, _ *result) { s.Metadata.Finished = time.Time{} },
		"finished before it started":                      func(s *provenance.Scan, _ *result) { s.Metadata.Started = now.Add(time.Second) },
		"dbUpdated is missing":                            func(_ *provenance.Scan, r *result) { r.DBUpdated = time.Time{} },
		`policy.gate is "high"`:                           func(_ *provenance.Scan, r *result) { r.Policy.Gate = "high" },
		"a finding has no id":                             func(_ *provenance.Scan, r *result) { r.Findings[0].ID = "" },
		`severity "BAD" is none of CRITICAL`:              func(_ *provenance.Scan, r *result) { r.Findings[0].Severity = "BAD" },
		"finding CVE-1 is said to be waived and to block": func(_ *provenance.Scan, r *result) { r.Findings[0].Blocking = true },
		"it passed, and finding CVE-2 blocks":             func(_ *provenance.Scan, r *result) { r.Findings[1].Blocking = true },
		`finding CVE-2 in "tzdata" is said to be waived`:  func(_ *provenance.Scan, r *result) { r.Findings[1].Waived = true },
		`finding CVE-1 in "libc6" is said to be waived`:   func(_ *provenance.Scan, r *result) { r.Waivers[0].Expired = true },
		`finding CVE-1 in "libc6" is said to be waived, `: func(_ *provenance.Scan, r *result) { r.Waivers[0].Path = "usr/bin/other" },
		`finding CVE-1 in "openssl" is said to be waived`: func(_ *provenance.Scan, r *result) { r.Findings[0].Package = "openssl" },
		"the waiver of CVE-1 in libc6 had ended":          func(_ *provenance.Scan, r *result) { r.Waivers[0].Expires = now.Add(-time.Hour) },
		"the database was made (2026-03-02T13:00:00Z) af": func(_ *provenance.Scan, r *result) { r.DBUpdated = now.Add(time.Hour) },
		"lacks its id, reason, owner or expiry":           func(_ *provenance.Scan, r *result) { r.Waivers[0].Expires = time.Time{} },
	} {
		s := scan()
		change(s, &s.Scanner.Result)
		if _, err := s.Encode(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// A field that nobody knows, and anything after the document, is an error.
func TestStrict(t *testing.T) {
	data, err := scan().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for says, text := range map[string]string{
		`unknown field "pased"`: strings.Replace(string(data), `"passed"`, `"pased"`, 1),
		"something follows":     string(data) + "{}",
		"it is cut off":         string(data[:len(data)/2]),
		"result.version is 0":   `{}`,
		`"PASSED" stands twice`: strings.Replace(string(data), `"passed":true`, `"passed":true,"PASSED":false`, 1),
	} {
		if _, err := provenance.DecodeScan([]byte(text)); err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "reading the scan: ") {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// A waiver that has ended is missed from the first moment after its last, whatever
// another one for another file still covers.
func TestEnded(t *testing.T) {
	r := scan().Scanner.Result
	end := r.Waivers[0].Expires
	if ended := r.Ended(end); len(ended) != 0 {
		t.Errorf("in its last moment it has ended: %v", ended)
	}
	if ended := r.Ended(end.Add(time.Second)); len(ended) != 1 || ended[0].Covers() != "CVE-1 in libc6" {
		t.Errorf("after its last moment: %v", ended)
	}
	r.Findings[0].Target = "usr/bin/a"
	second := r.Findings[0]
	second.Target = "usr/bin/b"
	r.Findings = append(r.Findings, second)
	r.Waivers[0].Path = "usr/bin/a"
	longer := r.Waivers[0]
	longer.Path, longer.Expires = "usr/bin/b", end.AddDate(1, 0, 0)
	r.Waivers = append(r.Waivers, longer)
	if ended := r.Ended(end.Add(time.Second)); len(ended) != 1 || ended[0].Covers() != "CVE-1 in libc6 in the file usr/bin/a" {
		t.Errorf("the waiver for another file holds, and: %v", ended)
	}
}

func TestCounts(t *testing.T) {
	r := scan().Scanner.Result
	if got := r.Count(); !maps.Equal(got, map[string]int{"HIGH": 1, "LOW": 1}) || provenance.Summary(got) != "1 HIGH, 1 LOW" {
		t.Errorf("%v, %s", got, provenance.Summary(got))
	}
	if got := provenance.Summary(nil); got != "none" {
		t.Error(got)
	}
	r.Findings[1].Blocking = true
	if got := r.Blocking(); len(got) != 1 || got[0].ID != "CVE-2" || len(r.Findings) != 2 {
		t.Errorf("%v", got)
	}
}

// Whatever decodes makes sense, and encodes to what decodes again.
func FuzzDecode(f *testing.F) {
	for _, p := range []interface{ Encode() ([]byte, error) }{build(), scan()} {
		data, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := provenance.DecodeBuild(data); err == nil {
			again, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provenance.DecodeBuild(again); err != nil {
				t.Fatal(err)
			}
		}
		if s, err := provenance.DecodeScan(data); err == nil {
			if s.Scanner.Result.Passed && len(s.Scanner.Result.Blocking()) > 0 {
				t.Fatal("it passed, and something blocks")
			}
			if _, err := s.Encode(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
