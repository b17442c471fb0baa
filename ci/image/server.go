package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// binary is the name of the server, in the image's root and here.
const binary = "mlfleet-inference"

// compile builds the server for an architecture into a folder and gives its
// path.
func (t *toolchain) compile(ctx context.Context, c compiler, m Metadata, dir string) (string, error) {
	out := filepath.Join(dir, c.architecture, binary)
	// -buildid= and --build-id=none: both would name this build rather than what
	// was built. -s -w: symbols and debug information are half of the file, and
	// stack traces do not need them.
	flags := "-s -w -buildid= -B none -extldflags=-Wl,--build-id=none -X main.release=" + m.Version
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", out, "./cmd/"+binary)
	cmd.Dir = t.module
	cmd.Env = append(environment(os.Environ()),
		"CGO_ENABLED=1", "GOOS=linux", "GOARCH="+c.architecture, "GOAMD64=v1", "GOARM64=v8.0", "CC="+c.command,
		"CGO_CFLAGS=-O2 -g0 "+t.prefixMap(), "CGO_CXXFLAGS=-O2 -g0 "+t.prefixMap(), "CGO_LDFLAGS=-O2")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("compile the server for %s with %s: %w\n%s", c.architecture, c.command, err, bytes.TrimSpace(printed.Bytes()))
	}
	return out, nil
}

// prefixMap keeps the paths of this machine out of what the C compiler writes:
// __FILE__ in an assertion is enough to get one in.
func (t *toolchain) prefixMap() string {
	return fmt.Sprintf("-ffile-prefix-map=%s=/modules -ffile-prefix-map=%s=/go", t.modules, t.root)
}

// influences are variables, or beginnings of them, that would change what the Go
// and C compilers make. What the build needs of them it sets itself; where
// modules come from (GOPROXY and its like) is left alone, as go.sum says what
// they are.
var influences = []string{
	"GOFLAGS=", "GOOS=", "GOARCH=", "GOAMD64=", "GOARM64=", "GOEXPERIMENT=", "GODEBUG=", "GOWORK=", "GOFIPS140=", "GO_EXTLINK_ENABLED=",
	"CGO_", "CC=", "CXX=", "AR=", "CPATH=", "C_INCLUDE_PATH=", "CPLUS_INCLUDE_PATH=", "LIBRARY_PATH=", "COMPILER_PATH=",
	"GCC_EXEC_PREFIX=", "LD_", "SOURCE_DATE_EPOCH=", "LANG=", "LC_",
}

// environment is the environment without what would change the result.
func environment(all []string) []string {
	kept := slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		return slices.ContainsFunc(influences, func(p string) bool { return strings.HasPrefix(v, p) })
	})
	return append(kept, "GOFLAGS=-mod=readonly", "GOWORK=off", "LC_ALL=C")
}
