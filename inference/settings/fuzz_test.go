package settings

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzFile reads arbitrary files as settings. Whatever is accepted must be a
// JSON object of known names, and set each flag to a value that its own parser
// takes.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"rows": 3, "limit": "8Gi", "delay": "2ms", "on": true, "name": "x"}`))
	f.Add([]byte(`{"config": "again.json"}`))
	f.Add([]byte(`{"rows": 1e3, "limit": -1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "settings.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		fs := flag.NewFlagSet("fuzz", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		fs.String("config", "", "")
		fs.Int("rows", 1, "")
		fs.String("name", "", "")
		fs.Bool("on", false, "")
		fs.Duration("delay", time.Second, "")
		var limit Bytes
		fs.Var(&limit, "limit", "")
		err := Parse(fs, []string{"--config", path}, func(string) (string, bool) { return "", false })
		if err != nil {
			return
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal(b, &values); err != nil {
			t.Fatalf("accepted what is no object: %v", err)
		}
		for name := range values {
			if known := fs.Lookup(name); known == nil || name == "config" {
				t.Fatalf("accepted %q", name)
			}
		}
		if limit < 0 {
			t.Fatalf("limit is %d", limit)
		}
	})
}

// FuzzBytes: what is read is written as the same number.
func FuzzBytes(f *testing.F) {
	for _, s := range []string{"0", "1000", "512Mi", "8Gi", "-1", "9223372036854775807", "1KiMi", "+1", " 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b, again Bytes
		if b.Set(s) != nil {
			return
		}
		if err := again.Set(b.String()); err != nil || again != b || b < 0 {
			t.Fatalf("%q is %d, written as %q, which is %d (%v)", s, int64(b), b.String(), int64(again), err)
		}
	})
}
