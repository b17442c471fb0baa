package advisory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	trivydb "github.com/aquasecurity/trivy-db/pkg/db"

	"github.com/mlfleet/mlfleet/ci/advisory"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const week = 7 * 24 * time.Hour

// built is a database of the repository's own reviewed advisories.
func built(t testing.TB) string {
	t.Helper()
	file, err := advisory.Read("../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file.Updated = now.Add(-time.Hour)
	dir := filepath.Join(t.TempDir(), "db")
	if _, err := advisory.Build(dir, file, now); err != nil {
		t.Fatal(err)
	}
	return dir
}

func opened(t testing.TB, dir string) *advisory.DB {
	t.Helper()
	db, err := advisory.Open(dir, now, week)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestBuildAndOpen(t *testing.T) {
	db := opened(t, built(t))
	if m := db.Metadata(); m.Version != 2 || !m.UpdatedAt.Equal(now.Add(-time.Hour)) || !m.DownloadedAt.Equal(now) {
		t.Errorf("metadata %+v", m)
	}
	for bucket, want := range map[string]bool{"debian 12": true, "debian 1": false, "debian 13": false, "go::": true, "npm::": false} {
		if got, err := db.Knows(bucket); err != nil || got != want {
			t.Errorf("knows %q: %v, %v; want %v", bucket, got, err, want)
		}
	}
	all, err := trivydb.Config{}.GetAdvisories("go::", "stdlib")
	if err != nil || len(all) != 2 {
		t.Fatalf("advisories of the standard library: %v, %v", all, err)
	}
	for _, a := range all {
		if len(a.VulnerableVersions) != 2 || len(a.PatchedVersions) != 2 {
			t.Errorf("%s: two release branches, got %q", a.VulnerabilityID, a.VulnerableVersions)
		}
	}
}

func TestAge(t *testing.T) {
	dir := built(t)
	made := now.Add(-time.Hour)
	for name, c := range map[string]struct {
		now  time.Time
		want error
		says string
	}{
		"fresh":        {now, nil, ""},
		"just allowed": {made.Add(week), nil, ""},
		"stale":        {made.Add(week + time.Second), advisory.ErrStale, "7 days ago; the policy allows 7 days: pull a newer one"},
		"clock skew":   {made.Add(-4 * time.Minute), nil, ""},
		"future":       {made.Add(-6 * time.Minute), advisory.ErrFuture, "one of the two clocks is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := advisory.Open(dir, c.now, week)
			if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v with %q", err, c.want, c.says)
			}
			if err == nil {
				db.Close()
			}
		})
	}
}

func TestSchema(t *testing.T) {
	dir := built(t)
	for text, want := range map[string]error{
		`{"Version":1,"UpdatedAt":"2026-11-23T10:00:00Z"}`: advisory.ErrSchema,
		`{"Version":3,"UpdatedAt":"2026-11-23T10:00:00Z"}`: advisory.ErrSchema,
		`{"Version":2}`: advisory.ErrCorrupt,
		`{"Version":`:   advisory.ErrCorrupt,
	} {
		write(t, filepath.Join(dir, "metadata.json"), []byte(text))
		if _, err := advisory.Open(dir, now, week); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", text, err, want)
		}
	}
	if _, err := advisory.Open(t.TempDir(), now, week); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "pull one or build it") {
		t.Errorf("no database: %v", err)
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Damage is an error and never a panic, a fault, or a deleted file. With the checksum every damage is seen.
func TestCorruptFile(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"no bolt":   func([]byte) []byte { return []byte(strings.Repeat("no database", 1000)) },
		"cut":       func(b []byte) []byte { return b[:len(b)/2] },
		"two pages": func(b []byte) []byte { return b[:8192] },
		"bit":       func(b []byte) []byte { b[len(b)-100] ^= 1; return b },
		"zeros":     func(b []byte) []byte { clear(b[8192:]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := built(t)
			path := filepath.Join(dir, "trivy.db")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data = damage(data)
			write(t, path, data)
			if _, err := advisory.Open(dir, now, week); !errors.Is(err, advisory.ErrCorrupt) {
				t.Errorf("with checksum: error %v", err)
			}
			os.Remove(filepath.Join(dir, "trivy.db.sha256"))
			db, err := advisory.Open(dir, now, week)
			if err == nil { // a single bit may stay unseen without the checksum; asking must not panic
				_, err = db.Knows("debian 12")
				db.Close()
			}
			if err != nil && !errors.Is(err, advisory.ErrCorrupt) {
				t.Errorf("without checksum: error %v", err)
			}
			if err == nil && name != "bit" {
				t.Error("without checksum: no error")
			}
			if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, data) {
				t.Errorf("the file was changed: %v", err)
			}
			opened(t, built(t)) // and the next one can be opened
		})
	}
}

// A fault while asking (the file is cut under the open database) is an error as well.
func TestCutWhileOpen(t *testing.T) {
	dir := built(t)
	db := opened(t, dir)
	if err := os.Truncate(filepath.Join(dir, "trivy.db"), 4096); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Knows("debian 12"); !errors.Is(err, advisory.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

func TestOneAtATime(t *testing.T) {
	dir := built(t)
	first := opened(t, dir)
	if _, err := advisory.Open(dir, now, week); !errors.Is(err, advisory.ErrInUse) {
		t.Errorf("second open: %v", err)
	}
	if _, err := advisory.Build(dir, &advisory.File{}, now); !errors.Is(err, advisory.ErrInUse) {
		t.Errorf("build while open: %v", err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	opened(t, dir)
}

// The metadata is what Trivy itself writes and reads.
func TestMetadataFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(built(t), "metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil || len(fields) != 4 || fields["Version"] != 2.0 {
		t.Errorf("%s: %v", data, err)
	}
}
