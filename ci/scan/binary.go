package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aquasecurity/trivy/pkg/dependency/parser/golang/binary"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"

	"github.com/mlfleet/mlfleet/ci/rootfs"
)

// smallBinary is the largest program that is read into memory; a larger one (libraries for GPUs have gigabytes) goes through
// a temporary file, because its section table is at its end.
const smallBinary = 64 << 20

// binary reads the modules of a Go program; other programs are left alone.
func (c *collector) binary(f rootfs.File) error {
	content, done, err := seekable(f)
	if err != nil {
		return err
	}
	defer done()
	packages, dependencies, err := parse(c, content)
	switch {
	case errors.Is(err, binary.ErrNonGoBinary), errors.Is(err, binary.ErrUnrecognizedExe), errors.Is(err, errDamaged):
		return nil
	case err != nil:
		return fmt.Errorf("reading its Go modules: %w", err)
	case len(packages) == 0:
		return nil
	}
	dependsOn := map[string][]string{}
	for _, d := range dependencies {
		dependsOn[d.ID] = d.DependsOn
	}
	layer := ftypes.Layer{Digest: f.Layer.Digest.String(), DiffID: f.Layer.DiffID.String()}
	for i := range packages {
		packages[i].DependsOn = dependsOn[packages[i].ID]
		packages[i].Layer = layer
	}
	keep(c, c.binaries, f.ID, ftypes.Application{Type: ftypes.GoBinary, FilePath: f.Path, Packages: packages})
	return nil
}

// errDamaged marks a file that begins like a program and is none: no kernel would start it.
var errDamaged = errors.New("it is no whole ELF file")

type readSeekerAt interface {
	io.ReadSeeker
	io.ReaderAt
}

// parse calls Trivy's parser, which leans on debug/elf. That package is not made for hostile files: it may panic.
func parse(c *collector, content readSeekerAt) (p []ftypes.Package, d []ftypes.Dependency, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errDamaged, cause)
		}
	}()
	return binary.NewParser().Parse(c.ctx, content)
}

// seekable gives a file's content with random access.
func seekable(f rootfs.File) (readSeekerAt, func(), error) {
	if f.Size <= smallBinary {
		data, err := io.ReadAll(f.Content)
		if err != nil {
			return nil, nil, fmt.Errorf("reading it: %w", err)
		}
		return bytes.NewReader(data), func() {}, nil
	}
	spool, err := os.CreateTemp("", "mlfleet-ci-binary-")
	if err != nil {
		return nil, nil, fmt.Errorf("making room for a large program: %w", err)
	}
	done := func() {
		spool.Close()
		os.Remove(spool.Name())
	}
	if _, err := io.Copy(spool, f.Content); err != nil {
		done()
		return nil, nil, fmt.Errorf("reading it: %w", err)
	}
	return spool, done, nil
}
