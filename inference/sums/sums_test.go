package sums

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWrittenSumsVerify(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "model.onnx", "weights")
	write(t, dir, "extra/data.bin", "more")
	want, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Verify(t.Context(), dir)
	if err != nil || got != want {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	again, err := Write(dir)
	if err != nil || again != want {
		t.Errorf("a second Write gives %s, %v", again, err)
	}
}

func TestVerifyFindsEveryDifference(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"changed": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "model.onnx"), []byte("Weights"), 0o644)
		},
		"missing":  func(dir string) error { return os.Remove(filepath.Join(dir, "model.onnx")) },
		"unlisted": func(dir string) error { return os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644) },
		"unlisted below": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "extra", "x"), nil, 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "model.onnx", "weights")
			write(t, dir, "extra/data.bin", "more")
			if _, err := Write(dir); err != nil {
				t.Fatal(err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(t.Context(), dir); !errors.Is(err, ErrMismatch) {
				t.Errorf("got %v, want a mismatch", err)
			}
		})
	}
}

func TestNoSumsIsNotAMismatch(t *testing.T) {
	if _, err := Verify(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"nothing":                "",
		"a short hash":           digits[:62] + "  model.onnx\n",
		"no hex":                 strings.Repeat("z", 64) + "  model.onnx\n",
		"no path":                digits + "  \n",
		"one space":              digits + " model.onnx\n",
		"the parent":             digits + "  ../model.onnx\n",
		"a path over the parent": digits + "  a/../../model.onnx\n",
		"an absolute path":       digits + "  /etc/passwd\n",
		"a backslash":            digits + "  a\\b\n",
		"a hidden file":          digits + "  .profile\n",
		"a hidden folder":        digits + "  a/.git/config\n",
		"itself":                 digits + "  SHA256SUMS\n",
		"a path twice":           digits + "  a\n" + digits + "  a\n",
		"a file as a folder":     digits + "  a\n" + digits + "  a/b\n",
		"a carriage return":      digits + "  a\r\n x",
		"no UTF-8":               digits + "  a\xff\n",
		"a very long name":       digits + "  " + strings.Repeat("a", 256) + "\n",
		"too many":               strings.Repeat(digits+"  a\n", 1) + many(),
	} {
		if e, err := Parse([]byte(content)); err == nil {
			t.Errorf("%s is accepted: %v", name, e)
		}
	}
}

func many() string {
	var b strings.Builder
	for i := range MaxFiles + 1 {
		b.WriteString(digits + "  f/" + strings.Repeat("x", 1+i%200) + string(rune('a'+i/200)) + "\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(digits + "  model.onnx\n" + digits + " *a/b\n"))
	f.Add([]byte(digits + "  ../x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := Parse(b)
		if err != nil {
			return
		}
		for _, e := range entries {
			if !filepath.IsLocal(e.Path) || e.Path == File {
				t.Fatalf("path %q", e.Path)
			}
		}
		again, err := Parse(Format(entries))
		if err != nil || len(again) != len(entries) {
			t.Fatalf("formatted entries do not parse: %v", err)
		}
	})
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "model.onnx", "weights")
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("told to stop")
	cancel(why)
	if _, err := Verify(ctx, dir); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}
