package layer

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func digest(t *testing.T, l v1.Layer) v1.Hash {
	t.Helper()
	h, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// sound reads a layer and compares it with what it says of itself.
func sound(t *testing.T, l v1.Layer) {
	t.Helper()
	compressed, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	got, size, err := v1.SHA256(compressed)
	if err := errors.Join(err, compressed.Close()); err != nil {
		t.Fatal(err)
	}
	if said, err := l.Size(); err != nil || said != size {
		t.Errorf("it has %d bytes and says %d (%v)", size, said, err)
	}
	if got != digest(t, l) {
		t.Errorf("it has the digest %s and says %s", got, digest(t, l))
	}
	plain, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	got, _, err = v1.SHA256(plain)
	if err := errors.Join(err, plain.Close()); err != nil {
		t.Fatal(err)
	}
	if said, err := l.DiffID(); err != nil || said != got {
		t.Errorf("it has the diff ID %s and says %s (%v)", got, said, err)
	}
}

func tree() (Tree, error) { return everything(), nil }

// A layer that is in the cache is not made again, and is the one that was made;
// another cache makes the same.
func TestCacheHit(t *testing.T) {
	dir := t.TempDir()
	c := NewCache(dir)
	first, err := c.Layer(KeyOf("x"), tree)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, first)
	again := NewCache(dir)
	second, err := again.Layer(KeyOf("x"), func() (Tree, error) { return nil, errors.New("it was built again") })
	if err != nil {
		t.Fatal(err)
	}
	sound(t, second)
	other, err := NewCache(t.TempDir()).Layer(KeyOf("x"), tree)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, second) != digest(t, first) || digest(t, other) != digest(t, first) {
		t.Errorf("the layers are %s, %s and %s", digest(t, first), digest(t, second), digest(t, other))
	}
	if c.Written() != 1 || again.Written() != 0 {
		t.Errorf("%d and %d layers were written, want 1 and 0", c.Written(), again.Written())
	}
}

// Whatever happened to a cached layer, it is built again and never handed out.
func TestCacheHarmed(t *testing.T) {
	flip := func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }
	for name, c := range map[string]struct {
		file string
		harm func([]byte) []byte
	}{
		"a flipped bit":             {".tar.gz", flip},
		"truncated":                 {".tar.gz", func(raw []byte) []byte { return raw[:len(raw)-1] }},
		"grown":                     {".tar.gz", func(raw []byte) []byte { return append(raw, 0) }},
		"empty":                     {".tar.gz", func([]byte) []byte { return nil }},
		"facts truncated":           {".json", func(raw []byte) []byte { return raw[:len(raw)/2] }},
		"facts with another diffID": {".json", func(raw []byte) []byte { return changeHex(raw, `"diffID":"sha256:`) }},
		"facts with another digest": {".json", func(raw []byte) []byte { return changeHex(raw, `"digest":"sha256:`) }},
		"facts of nothing":          {".json", func([]byte) []byte { return []byte("{}") }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first, err := NewCache(dir).Layer(KeyOf("x"), tree)
			if err != nil {
				t.Fatal(err)
			}
			paths, err := filepath.Glob(filepath.Join(dir, "*"+c.file))
			if err != nil || len(paths) != 1 {
				t.Fatal(paths, err)
			}
			raw, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			harmed := c.harm(bytes.Clone(raw))
			if bytes.Equal(raw, harmed) {
				t.Fatal("the test changed nothing")
			}
			if err := os.WriteFile(paths[0], harmed, 0o644); err != nil {
				t.Fatal(err)
			}
			again := NewCache(dir)
			second, err := again.Layer(KeyOf("x"), tree)
			if err != nil {
				t.Fatal(err)
			}
			if again.Written() != 1 {
				t.Error("it was not built again")
			}
			sound(t, second)
			if digest(t, first) != digest(t, second) {
				t.Errorf("it was %s and is %s", digest(t, first), digest(t, second))
			}
		})
	}
}

// changeHex changes the hex digit behind a text.
func changeHex(raw []byte, after string) []byte {
	i := bytes.Index(raw, []byte(after)) + len(after)
	raw[i] = map[bool]byte{true: 'b', false: 'a'}[raw[i] == 'a']
	return raw
}

// The facts of another key's layer do not pass for this one's.
func TestCacheSwapped(t *testing.T) {
	dir := t.TempDir()
	c := NewCache(dir)
	x, err := c.Layer(KeyOf("x"), tree)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Layer(KeyOf("y"), func() (Tree, error) { return Tree{"y": {Mode: 0o644}}, nil }); err != nil {
		t.Fatal(err)
	}
	path := func(key string, end string) string {
		k := KeyOf(key)
		return filepath.Join(dir, hash(k[:]).Hex+end)
	}
	for _, end := range []string{".json", ".tar.gz"} {
		if err := os.Rename(path("y", end), path("x", end)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := c.Layer(KeyOf("x"), tree)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, again) != digest(t, x) {
		t.Error("the layer of another key was handed out")
	}
}

// A layer that cannot be made leaves nothing behind.
func TestCacheFails(t *testing.T) {
	dir := t.TempDir()
	wrong := errors.New("no such package")
	if _, err := NewCache(dir).Layer(KeyOf("x"), func() (Tree, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	_, err := NewCache(dir).Layer(KeyOf("x"), func() (Tree, error) { return Tree{"a": {Mode: 0o644, Body: []byte("1")}, "b": {Link: "c"}}, nil })
	if err == nil || !strings.Contains(err.Error(), "b is a hard link to c") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// Many may ask one folder for one layer at a time.
func TestCacheTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	digests := make([]v1.Hash, 8)
	for i := range digests {
		all.Go(func() {
			l, err := NewCache(dir).Layer(KeyOf("x"), tree)
			if err != nil {
				t.Error(err)
				return
			}
			r, err := l.Compressed()
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if digests[i], _, err = v1.SHA256(r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, d := range digests {
		if d != digests[0] {
			t.Errorf("%s is not %s", d, digests[0])
		}
	}
}

func TestKeys(t *testing.T) {
	keys := map[Key][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"c", "ab"}, {"2:ab,1:c,"}} {
		if before, same := keys[KeyOf(parts...)]; same {
			t.Errorf("%q and %q have one key", parts, before)
		}
		keys[KeyOf(parts...)] = parts
	}
}

// A reader that is closed early, and twice read, is no harm.
func TestReadTwice(t *testing.T) {
	l, err := NewCache(t.TempDir()).Layer(KeyOf("x"), tree)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, r, 100); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, l)
}
