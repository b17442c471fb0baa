package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// toolchain is the Go toolchain that go.mod asks for, and where it lies.
type toolchain struct {
	module  string // folder of the server's module
	version string // "1.26.8"
	root    string // GOROOT
	tools   string // GOTOOLDIR
	modules string // GOMODCACHE
}

func findToolchain(ctx context.Context, module string) (*toolchain, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOVERSION", "GOROOT", "GOTOOLDIR", "GOMODCACHE")
	cmd.Dir, cmd.Env = module, environment(os.Environ())
	out, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("find the Go toolchain: %w", err)
	}
	var env struct{ GOVERSION, GOROOT, GOTOOLDIR, GOMODCACHE string }
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("find the Go toolchain: %w", err)
	}
	return &toolchain{
		module: module, version: strings.TrimPrefix(env.GOVERSION, "go"),
		root: env.GOROOT, tools: env.GOTOOLDIR, modules: env.GOMODCACHE,
	}, nil
}

// material hashes the programs that make the binary.
func (t *toolchain) material() (Material, error) {
	var files []string
	for _, tool := range []string{"asm", "cgo", "compile", "link"} {
		files = append(files, filepath.Join(t.tools, tool))
	}
	sum, err := hashAll(files)
	if err != nil {
		return Material{}, fmt.Errorf("hash the Go toolchain: %w", err)
	}
	return Material{URI: "pkg:generic/go@" + t.version, Digest: map[string]string{"sha256": sum}}, nil
}

// compiler is the C compiler for an architecture.
type compiler struct {
	architecture string
	command      string
}

// cross are the compilers for other machines than this, and the Debian packages
// that have them with the C library's headers.
var cross = map[string]struct{ command, packages string }{
	"amd64": {"x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu libc6-dev-amd64-cross"},
	"arm64": {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
}

// findCompilers gives the C compilers for architectures.
func findCompilers(architectures []string) (map[string]compiler, error) {
	found := map[string]compiler{}
	for _, a := range architectures {
		c, err := findCompiler(a)
		if err != nil {
			return nil, err
		}
		found[a] = c
	}
	return found, nil
}

// findCompiler gives the C compiler for an architecture, or says what to
// install.
func findCompiler(architecture string) (compiler, error) {
	want, ok := cross[architecture]
	if !ok {
		return compiler{}, fmt.Errorf("the server cannot be built for %q; amd64 and arm64 are known", architecture)
	}
	if architecture == runtime.GOARCH {
		want.command, want.packages = "gcc", "gcc libc6-dev"
	}
	if _, err := exec.LookPath(want.command); err != nil {
		return compiler{}, fmt.Errorf("the server uses cgo, and %s, which compiles it for %s, is not here; install it (Debian: apt-get install --no-install-recommends %s): %w",
			want.command, architecture, want.packages, err)
	}
	return compiler{architecture: architecture, command: want.command}, nil
}

// material hashes what of the C compiler ends in the binary: its programs, the
// linker, and the start files and static parts of the C library.
func (c compiler) material(ctx context.Context) (Material, error) {
	version, err := c.ask(ctx, "-dumpfullversion")
	if err != nil {
		return Material{}, err
	}
	target, err := c.ask(ctx, "-dumpmachine")
	if err != nil {
		return Material{}, err
	}
	var files []string
	for _, program := range []string{"cc1", "collect2", "as", "ld"} {
		path, err := c.ask(ctx, "-print-prog-name="+program)
		if err != nil {
			return Material{}, err
		}
		if path, err = exec.LookPath(path); err != nil {
			return Material{}, fmt.Errorf("%s says where its %s is: %w", c.command, program, err)
		}
		files = append(files, path)
	}
	for _, part := range []string{"crt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtend.o", "libgcc.a", "libc_nonshared.a"} {
		path, err := c.ask(ctx, "-print-file-name="+part)
		if err != nil {
			return Material{}, err
		}
		if !filepath.IsAbs(path) {
			return Material{}, fmt.Errorf("%s has no %s: the C library's development files are missing; install %s", c.command, part, cross[c.architecture].packages)
		}
		files = append(files, path)
	}
	sum, err := hashAll(files)
	if err != nil {
		return Material{}, fmt.Errorf("hash the C compiler: %w", err)
	}
	return Material{URI: "pkg:generic/gcc@" + version + "?target=" + target, Digest: map[string]string{"sha256": sum}}, nil
}

func (c compiler) ask(ctx context.Context, question string) (string, error) {
	cmd := exec.CommandContext(ctx, c.command, question)
	cmd.Env = environment(os.Environ())
	out, err := output(cmd)
	if err != nil {
		return "", fmt.Errorf("ask the C compiler: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// output gives what a program prints, and in the error what it complains of.
func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}

// hashAll is the SHA-256 of the output of sha256sum for some files, named
// without their folders.
func hashAll(files []string) (string, error) {
	all := sha256.New()
	for _, file := range files {
		sum, err := hashFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(all, "%s  %s\n", sum, filepath.Base(file))
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func hashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
