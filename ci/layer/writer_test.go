package layer

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// everything is a tree with each kind of entry, and odd names.
func everything() Tree {
	return Tree{
		"usr/lib/libx.so.1.0":     {Mode: 0o644, Body: []byte("library")},
		"usr/lib/libx.so.1":       {Mode: fs.ModeSymlink | 0o777, Link: "libx.so.1.0"},
		"usr/lib/again":           {Link: "usr/lib/libx.so.1.0"},
		"a-link-that-sorts-first": {Link: "usr/lib/libx.so.1.0"},
		"etc/absolute":            {Mode: fs.ModeSymlink | 0o777, Link: "/usr/lib"},
		"home/nonroot":            {Mode: fs.ModeDir | 0o700, UID: 65532, GID: 65532},
		"home/nonroot/file":       {Mode: 0o600, UID: 65532, GID: 65532, Body: []byte("mine")},
		"tmp":                     {Mode: fs.ModeDir | fs.ModeSticky | 0o777},
		"empty":                   {Mode: 0o644},
		"with space/and\nnewline": {Mode: 0o644, Body: []byte("1")},
		"Umlaut/\u00e4\u00f6\u00fc \u65e5\u672c.crt": {Mode: 0o644, Body: []byte("2")},
		`back\slash`:                      {Mode: 0o644, Body: []byte("3")},
		"-rf":                             {Mode: 0o644, Body: []byte("4")},
		"...":                             {Mode: 0o644, Body: []byte("5")},
		"usr-local":                       {Mode: 0o644, Body: []byte("6")}, // sorts between usr and usr/
		strings.Repeat("long/", 60) + "x": {Mode: 0o644, Body: []byte("7")},
		strings.Repeat("n", 255):          {Mode: fs.ModeSymlink | 0o777, Link: strings.Repeat("../", 100) + "empty"},
	}
}

func written(t *testing.T, tree Tree) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tree.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The bytes depend on the tree alone, not on the order in which it was made, nor on
// the machine or the day: the digest is written down here.
func TestSameTreeSameBytes(t *testing.T) {
	want := written(t, everything())
	for range 20 {
		names := slices.Collect(maps.Keys(everything()))
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		tree := Tree{}
		for _, name := range names {
			tree[name] = everything()[name]
		}
		if !bytes.Equal(written(t, tree), want) {
			t.Fatal("the same entries in another order give other bytes")
		}
	}
	sum := sha256.Sum256(want)
	const digest = "bf26510d3b4f9b3da459993bc39b09423ef86e3eafe7fcc1f850ed04b585269d"
	if got := hex.EncodeToString(sum[:]); got != digest {
		t.Errorf("the archive has the SHA-256 %s, it was %s: every image's digest changes with that", got, digest)
	}
}

// What is read back is what was written, in an order that any tool can unpack:
// folders before what is in them, files before hard links to them.
func TestWriteReadsBack(t *testing.T) {
	tree := everything()
	seen := map[string]bool{}
	tr := tar.NewReader(bytes.NewReader(written(t, tree)))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if seen[name] {
			t.Errorf("%s is in the archive twice", name)
		}
		seen[name] = true
		if parent, _, below := cutLastSlash(name); below && !seen[parent] {
			t.Errorf("%s comes before %s", name, parent)
		}
		if !h.ModTime.Equal(Epoch) || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s has the time %s and owner %q:%q", name, h.ModTime, h.Uname, h.Gname)
		}
		e, given := tree[name]
		if !given {
			if h.Typeflag != tar.TypeDir || h.Mode != 0o755 || h.Uid != 0 || h.Gid != 0 {
				t.Errorf("the parent %s was made as %c %o of %d:%d", name, h.Typeflag, h.Mode, h.Uid, h.Gid)
			}
			continue
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body, e.Body) || h.Linkname != e.Link || h.Uid != e.UID || h.Gid != e.GID {
			t.Errorf("%s reads back as %+v", name, h)
		}
		if e.Hard() && !seen[e.Link] {
			t.Errorf("the hard link %s comes before %s", name, e.Link)
		}
	}
	for name := range tree {
		if !seen[name] {
			t.Errorf("%q is not in the archive", name)
		}
	}
}

func cutLastSlash(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

func TestWriteRefuses(t *testing.T) {
	file := Entry{Mode: 0o644}
	for name, c := range map[string]struct {
		tree Tree
		want string
	}{
		"path traversal":               {Tree{"../etc/passwd": file}, "not a clean name"},
		"path traversal in the middle": {Tree{"a/../../b": file}, "not a clean name"},
		"absolute name":                {Tree{"/etc/passwd": file}, "not a clean name"},
		"the root":                     {Tree{".": {Mode: fs.ModeDir | 0o755}}, "not a clean name"},
		"no name":                      {Tree{"": file}, "not a clean name"},
		"a name that is no UTF-8":      {Tree{"a\xff": file}, "not a clean name"},
		"a name with a NUL":            {Tree{"a\x00b": file}, `write layer entry a`},
		"an entry below a file":        {Tree{"a": file, "a/b": file}, "a/b lies below a, which is no folder"},
		"an entry below a link":        {Tree{"a": {Mode: fs.ModeSymlink, Link: "/tmp"}, "a/b/c": file}, "a/b/c lies below a, which is no folder"},
		"a hard link to nothing":       {Tree{"a": {Link: "b"}}, "a is a hard link to b"},
		"a hard link to a folder":      {Tree{"a": {Link: "b"}, "b": {Mode: fs.ModeDir}}, "a is a hard link to b"},
		"a hard link to a hard link":   {Tree{"a": {Link: "b"}, "b": {Link: "c"}, "c": file}, "a is a hard link to b"},
		"a hard link to itself":        {Tree{"a": {Link: "a"}}, "a is a hard link to a"},
		"a device":                     {Tree{"a": {Mode: fs.ModeDevice}}, "only files, folders and links"},
		"a pipe":                       {Tree{"a": {Mode: fs.ModeNamedPipe}}, "only files, folders and links"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.tree.Write(io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
