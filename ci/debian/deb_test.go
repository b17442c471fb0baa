package debian

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/layer"
)

// A package reads the same however it is compressed.
func TestUnpack(t *testing.T) {
	control := stanza("libc6", "1.0-1", "amd64")
	for _, ext := range []string{"", ".gz", ".xz", ".zst"} {
		sticky := folder("./var/tmp/")
		sticky.Mode = 0o1777
		setuid := file("./usr/bin/su", "x")
		setuid.Mode, setuid.Uid, setuid.Gid = 0o4755, 1, 2
		c, err := unpack(deb(t, ext, control, folder("./"), folder("./usr/"), sticky, setuid,
			file("./usr/lib/libc.so.6", "library"), symlink("./lib/libc.so", "../usr/lib/libc.so.6"), symlink("./lib/abs", "/usr/lib"),
			hardlink("./usr/lib/again", "./usr/lib/libc.so.6")), limits())
		if err != nil {
			t.Fatalf("data.tar%s: %v", ext, err)
		}
		want := layer.Tree{
			"usr":               {Mode: fs.ModeDir | 0o755},
			"var/tmp":           {Mode: fs.ModeDir | fs.ModeSticky | 0o777},
			"usr/bin/su":        {Mode: 0o755, Body: []byte("x")}, // neither setuid nor anybody's
			"usr/lib/libc.so.6": {Mode: 0o644, Body: []byte("library")},
			"lib/libc.so":       {Mode: fs.ModeSymlink | 0o777, Link: "../usr/lib/libc.so.6"},
			"lib/abs":           {Mode: fs.ModeSymlink | 0o777, Link: "/usr/lib"},
			"usr/lib/again":     {Link: "usr/lib/libc.so.6"},
		}
		if !reflect.DeepEqual(c.tree, want) {
			t.Errorf("data.tar%s: got %+v\nwant %+v", ext, c.tree, want)
		}
		if string(c.control) != control || string(c.sums) != "d41d  usr/x\n" {
			t.Errorf("control.tar%s: got %q and %q", ext, c.control, c.sums)
		}
	}
}

// Every way in which a package may be hostile or broken is an error that says
// which.
func TestUnpackRefuses(t *testing.T) {
	control := stanza("libc6", "1.0-1", "amd64")
	good := deb(t, ".xz", control, file("./usr/lib/libc.so.6", "library"))
	ctl := member{"control.tar", tarball(t, file("./control", control))}
	data := func(entries ...entry) []byte { return deb(t, ".gz", control, entries...) }
	device := entry{Header: tar.Header{Name: "./dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"nothing":                          {nil, "not an ar archive"},
		"another kind of file":             {[]byte("PK\x03\x04"), "not an ar archive"},
		"truncated in a member":            {good[:len(good)-10], "truncated: member \"data.tar.xz\""},
		"truncated in a header":            {good[:len(arMagic)+30], "truncated: 30 bytes are left"},
		"only the magic line":              {[]byte(arMagic), "no Debian package"},
		"a member without a size":          {bytes.Replace(good, []byte("4         `"), []byte("x         `"), 1), "has no size"},
		"a member of negative size":        {bytes.Replace(good, []byte("4         `"), []byte("-4        `"), 1), "has no size"},
		"a member larger than the file":    {bytes.Replace(good, []byte("4         `"), []byte("4294967295`"), 1), "truncated"},
		"a header without its end":         {bytes.Replace(good, []byte("`\n"), []byte("xx"), 1), "does not end as it must"},
		"data twice":                       {debOf(ctl, member{"data.tar", tarball(t)}, member{"data.tar", tarball(t)}), `member "data.tar" is in it twice`},
		"data twice, compressed otherwise": {debOf(ctl, member{"data.tar", tarball(t)}, member{"data.tar.gz", compressed(t, ".gz", bytes.NewReader(tarball(t)))}), "a second archive, data.tar.gz"},
		"control twice":                    {debOf(ctl, member{"data.tar", tarball(t)}, member{"control.tar.xz", nil}), "a second archive, control.tar.xz"},
		"data before control":              {debOf(member{"data.tar", tarball(t)}, ctl), "control and data are expected"},
		"no data":                          {debOf(ctl), "no Debian package"},
		"format 3":                         {ar(member{"debian-binary", []byte("3.0\n")}, ctl, member{"data.tar", tarball(t)}), `its format is "3.0"`},
		"unknown compression":              {debOf(ctl, member{"data.tar.lzma", []byte("x")}), `compressed as ".lzma"`},
		"no control file":                  {debOf(member{"control.tar", tarball(t, file("./md5sums", ""))}, member{"data.tar", tarball(t)}), "no control file"},
		"control file twice":               {debOf(member{"control.tar", tarball(t, file("./control", control), file("control", control))}, member{"data.tar", tarball(t)}), "control is in it twice"},
		"control file too large":           {debOf(member{"control.tar", tarball(t, file("./control", strings.Repeat("x", maxControl+1)))}, member{"data.tar", tarball(t)}), "are the most"},
		"path traversal":                   {data(file("../etc/passwd", "x")), `"../etc/passwd" leaves the root`},
		"path traversal in the middle":     {data(file("./usr/../../etc/passwd", "x")), "leaves the root"},
		"absolute name":                    {data(file("/etc/passwd", "x")), `"/etc/passwd" leaves the root`},
		"a link that leaves":               {data(symlink("./usr/lib/x", "../../../etc/passwd")), "outside of the root"},
		"a hard link that leaves":          {data(hardlink("./usr/x", "../../etc/passwd")), "hard link: \"../../etc/passwd\" leaves the root"},
		"a hard link to an absolute name":  {data(hardlink("./usr/x", "/etc/passwd")), "hard link: \"/etc/passwd\" leaves the root"},
		"a device":                         {data(device), "tar type"},
		"an entry twice":                   {data(file("./usr/x", "1"), file("usr/x", "2")), "usr/x is in it twice"},
		"xz truncated":                     {debOf(ctl, member{"data.tar.xz", cutShort(compressed(t, ".xz", bytes.NewReader(tarball(t, file("a", strings.Repeat("x", 5000))))))}), "data.tar.xz: it is no xz file that can be read: it is truncated"},
		"gz truncated":                     {debOf(ctl, member{"data.tar.gz", cutShort(compressed(t, ".gz", bytes.NewReader(tarball(t, file("a", strings.Repeat("x", 5000))))))}), "data.tar.gz: read the archive"},
		"zst truncated":                    {debOf(ctl, member{"data.tar.zst", cutShort(compressed(t, ".zst", bytes.NewReader(tarball(t, file("a", strings.Repeat("x", 5000))))))}), "data.tar.zst: read the archive"},
		"tar truncated":                    {debOf(ctl, member{"data.tar", tarball(t, file("a", strings.Repeat("x", 5000)))[:2000]}), "unexpected EOF"},
		"gz that is none":                  {debOf(ctl, member{"data.tar.gz", []byte("this is not gzip")}), "data.tar.gz: "},
		"xz that is none":                  {debOf(ctl, member{"data.tar.xz", []byte("this is not xz, at all")}), "data.tar.xz: "},
		"zst that is none":                 {debOf(ctl, member{"data.tar.zst", []byte("this is not zstd")}), "data.tar.zst: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpack(c.raw, limits())
			wantError(t, err, c.want)
		})
	}
	if _, err := unpack(good, limits()); err != nil {
		t.Errorf("the package that the others are made of: %v", err)
	}
}

func cutShort(b []byte) []byte { return b[:len(b)/2] }

// zeros are bytes that compress well.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// A small package that unpacks to much is refused without unpacking it, whether
// its headers tell or not.
func TestDecompressionBomb(t *testing.T) {
	ctl := member{"control.tar", tarball(t, file("./control", stanza("libc6", "1.0-1", "amd64")))}
	const size = 40 << 20
	honest := entry{Header: tar.Header{Name: "./bomb", Typeflag: tar.TypeReg, Size: size}}
	var head bytes.Buffer
	w := tar.NewWriter(&head)
	if err := w.WriteHeader(&honest.Header); err != nil {
		t.Fatal(err)
	}
	const budgeted = 8 << 20
	for _, ext := range []string{".gz", ".xz", ".zst"} {
		for name, plain := range map[string]func() io.Reader{
			"one large file":            func() io.Reader { return io.MultiReader(bytes.NewReader(head.Bytes()), &zeros{size}) },
			"files up to it":            func() io.Reader { return bytes.NewReader(manyFiles(t, 10, 1<<20)) },
			"long names without a file": func() io.Reader { return longNames(t, 40) },
		} {
			t.Run(name+ext, func(t *testing.T) {
				raw := debOf(ctl, member{"data.tar" + ext, compressed(t, ext, plain())})
				if len(raw) > 200_000 {
					t.Fatalf("the bomb has %d bytes", len(raw))
				}
				b := &budget{bytes: budgeted, files: budgeted, entries: maxEntries}
				_, err := unpack(raw, b)
				if err == nil {
					t.Fatal("it was unpacked")
				}
				wantError(t, err, "data.tar"+ext, errBomb.Error())
				if b.bytes < -(4 << 20) {
					t.Errorf("%d bytes were unpacked before it was refused", budgeted-b.bytes)
				}
			})
		}
	}
	t.Run("sparse file", func(t *testing.T) {
		raw := debOf(ctl, member{"data.tar", sparse(t, 1<<40)})
		_, err := unpack(raw, limits())
		wantError(t, err, "bomb", errBomb.Error())
	})
	t.Run("too many entries", func(t *testing.T) {
		raw := debOf(ctl, member{"data.tar.gz", compressed(t, ".gz", bytes.NewReader(manyFiles(t, 200, 0)))})
		_, err := unpack(raw, &budget{bytes: maxUnpacked, files: maxUnpacked, entries: 100})
		wantError(t, err, "more entries than a package may have")
	})
}

func manyFiles(t *testing.T, n, size int) []byte {
	t.Helper()
	var all []entry
	for i := range n {
		all = append(all, file("./"+strings.Repeat("f", i+1), strings.Repeat("\x00", size)))
	}
	return tarball(t, all...)
}

// longNames is as many GNU long names in a row, of half a megabyte each; no
// entry of the archive counts them.
func longNames(t *testing.T, n int) io.Reader {
	t.Helper()
	const size = 512 << 10
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "././@LongLink", Typeflag: tar.TypeReg, Size: size, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	header := retyped(b.Bytes(), tar.TypeGNULongName)
	var all []io.Reader
	for range n {
		all = append(all, bytes.NewReader(header), &zeros{size})
	}
	return io.MultiReader(all...)
}

// sparse is an archive with a file of so many bytes, all of them a hole, in
// the form that PAX has for it: 2 kB.
func sparse(t *testing.T, size int64) []byte {
	t.Helper()
	records := paxRecord("GNU.sparse.major", "1") + paxRecord("GNU.sparse.minor", "0") +
		paxRecord("GNU.sparse.name", "bomb") + paxRecord("GNU.sparse.realsize", decimal(size))
	body := "1\n" + decimal(size) + "\n0\n" // one fragment, at the end, of nothing
	body += strings.Repeat("\x00", 512-len(body))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "pax", Typeflag: tar.TypeReg, Size: int64(len(records)), Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, records); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	raw := retyped(b.Bytes(), tar.TypeXHeader)
	return append(raw, tarball(t, file("GNUSparseFile.0/bomb", body))...)
}
