package scan_test

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// large is an image with a root file system of 100 MB as an inference server has it: 70 MB of libraries, which are not text, 20 MB of Go
// programs, 10 MB of text in 2,000 files.
func large(tb testing.TB) v1.Image {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	base := testimage.Debian()
	for i := range 35 {
		data := make([]byte, 2_000_000)
		for j := range data {
			data[j] = byte(random.Uint32()) & byte(random.Uint32()) // compresses to about four fifths, as machine code does
		}
		base = append(base, testimage.Regular(fmt.Sprintf("usr/lib/lib%d.so", i), "\x7fELF\x02\x01\x01"+string(data)))
	}
	words := strings.Fields("the server reads its configuration from a file and its key is never in here token password secret github aws")
	var texts []tar.Header
	for i := range 2000 {
		var b strings.Builder
		for b.Len() < 5000 {
			b.WriteString(words[random.IntN(len(words))])
			b.WriteByte(" \n"[random.IntN(2)])
		}
		texts = append(texts, testimage.Regular(fmt.Sprintf("usr/share/doc/%d/copyright", i), b.String()))
	}
	program := testimage.Binary(tb)
	var programs []tar.Header
	for size, i := 0, 0; size < 20_000_000; size, i = size+len(program), i+1 {
		programs = append(programs, testimage.Program(fmt.Sprintf("usr/bin/program%d", i), program))
	}
	return testimage.Image(tb, testimage.Layer(tb, base...), testimage.Layer(tb, texts...), testimage.Layer(tb, programs...))
}

// BenchmarkScan100MB must stay below 2 s an operation: issue "supply chain", speed.
func BenchmarkScan100MB(b *testing.B) {
	img, db := large(b), database(b)
	for b.Loop() {
		if _, err := scan.Image(b.Context(), img, db, scan.Options{Name: "here", Now: now}); err != nil {
			b.Fatal(err)
		}
	}
}
