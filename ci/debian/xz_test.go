package debian

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz"
)

// xzOf compresses with blocks of a size, as dpkg does on many cores.
func xzOf(t testing.TB, plain []byte, block int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: block}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise is bytes of which half can be compressed, so that there are chunks of
// both kinds.
func noise(n int) []byte {
	raw := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range raw {
		if i/100_000%2 == 0 {
			raw[i] = byte(r.Uint32())
		}
	}
	return raw
}

func TestOpenXZ(t *testing.T) {
	plain := noise(250_000)
	for _, block := range []int64{9_999, 77_777, 1 << 20} {
		r, err := openXZ(xzOf(t, plain, block))
		if err != nil {
			t.Fatalf("blocks of %d: %v", block, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("blocks of %d: %d bytes, %v", block, len(got), err)
		}
	}
}

// dictionary gives the nth block of a file a dictionary of another size.
func dictionary(t *testing.T, raw []byte, nth int, code byte) []byte {
	t.Helper()
	raw = bytes.Clone(raw)
	at := 12
	for range nth {
		size := (int(raw[at]) + 1) * 4
		data, err := chunks(raw[at+size:])
		if err != nil {
			t.Fatal(err)
		}
		at += size + (data+3)/4*4 + 8 // CRC64, the writer's
	}
	header := raw[at : at+(int(raw[at])+1)*4]
	i := bytes.Index(header, []byte{0x21, 1})
	header[i+2] = code
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return raw
}

// A few bytes cannot make the reader take gigabytes of memory, in whichever
// block they are.
func TestXZMemoryBomb(t *testing.T) {
	raw := xzOf(t, noise(5000), 1000)
	for _, nth := range []int{0, 3} {
		_, err := openXZ(dictionary(t, raw, nth, 40))
		wantError(t, err, "a dictionary of 4294967296 bytes; 67108864 are the most")
		_, err = openXZ(dictionary(t, raw, nth, 29))
		wantError(t, err, "a dictionary of 100663296 bytes")
		r, err := openXZ(dictionary(t, raw, nth, 28)) // 64 MiB, of xz -9
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, noise(5000)) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestXZRefuses(t *testing.T) {
	raw := xzOf(t, noise(5000), 2500)
	for n := range raw {
		if r, err := openXZ(raw[:n]); err == nil {
			if got, err := io.ReadAll(r); err == nil && n < len(raw) {
				t.Fatalf("the first %d of %d bytes gave %d without an error", n, len(raw), len(got))
			}
		}
	}
	r, err := openXZ(append(bytes.Clone(raw), raw...))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err == nil && len(got) > 5000 {
		t.Errorf("a second stream was read: %d bytes", len(got))
	}
}

// No xz file makes the reader take more memory than it may, or read another
// length than it announces.
func FuzzXZ(f *testing.F) {
	f.Add([]byte{})
	f.Add(xzOf(f, []byte("library"), 1<<20))
	f.Add(xzOf(f, noise(3000), 1000))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if checkXZ(raw) != nil {
			return
		}
		r, err := openXZ(raw)
		if err != nil {
			return
		}
		io.Copy(io.Discard, io.LimitReader(r, 1<<20)) // it must only end
	})
}
