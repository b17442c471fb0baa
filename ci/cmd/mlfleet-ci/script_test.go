package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

var update = flag.Bool("update", false, "write what the stories print into them")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mlfleet-ci": main})
}

// TestScript runs the stories of testdata/script. Beside testscript's own commands
// they have these:
//
//	registry              starts a registry; its address is $REGISTRY
//	broken                the registry answers 500 to whatever writes from now on
//	push KIND NAME        pushes an image of images to it; its digest is $DIGEST
//	exit CODE PROGRAM…    runs a program, which must end with that code
func TestScript(t *testing.T) {
	programs := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-C", "../../..", "-o", filepath.Join(programs, "mlfleet"), "./cmd/mlfleet")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling mlfleet: %v\n%s", err, out)
	}
	advisories, err := os.ReadFile("../../advisories.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pushed := images(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", programs+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Values[registryOf] = new(*failing)
			if err := os.MkdirAll(filepath.Join(env.WorkDir, "ci"), 0o777); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "ci", "advisories.yaml"), advisories, 0o666)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry": startRegistry,
			"broken":   breakRegistry,
			"exit":     exit,
			"push": func(ts *testscript.TestScript, _ bool, args []string) {
				if len(args) != 2 || pushed[args[0]] == nil {
					ts.Fatalf("usage: push clean|seeded NAME")
				}
				push(ts, pushed[args[0]], args[1])
			},
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// images are what the stories push: Debian with nothing that blocks, and with a
// program that has a vulnerable dependency on top.
func images(t *testing.T) map[string]v1.Image {
	base := testimage.Layer(t,
		testimage.Regular("usr/lib/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"),
		testimage.Regular("etc/debian_version", "12.11\n"),
		testimage.Regular("var/lib/dpkg/status.d/libc6", testimage.Stanza("libc6", "2.36-9+deb12u14", "Source: glibc\n")),
	)
	return map[string]v1.Image{
		"clean":  testimage.Image(t, base),
		"seeded": testimage.Image(t, base, testimage.Layer(t, testimage.Program("usr/bin/server", testimage.Binary(t)))),
	}
}

// failing is a registry that can be told to fail.
type failing struct {
	http.Handler
	broken atomic.Bool
}

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.broken.Load() && r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "the disk is full", http.StatusInternalServerError)
		return
	}
	f.Handler.ServeHTTP(w, r)
}

// registryOf finds a story's registry again.
const registryOf = "registry"

func startRegistry(ts *testscript.TestScript, _ bool, _ []string) {
	f := &failing{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))}
	server := httptest.NewServer(f)
	ts.Defer(server.Close)
	*ts.Value(registryOf).(**failing) = f
	ts.Setenv("REGISTRY", strings.TrimPrefix(server.URL, "http://"))
}

func breakRegistry(ts *testscript.TestScript, _ bool, _ []string) {
	(*ts.Value(registryOf).(**failing)).broken.Store(true)
}

func push(ts *testscript.TestScript, img v1.Image, image string) {
	_, path, ok := strings.Cut(image, "/")
	if !ok {
		ts.Fatalf("push %s: it names no registry", image)
	}
	ref, err := name.ParseReference(ts.Getenv("REGISTRY") + "/" + path)
	ts.Check(err)
	ts.Check(remote.Write(ref, img))
	digest, err := img.Digest()
	ts.Check(err)
	ts.Setenv("DIGEST", digest.String())
}

func exit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM ARG...")
	}
	code := "0"
	err := ts.Exec(args[1], args[2:]...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		code = fmt.Sprint(ended.ExitCode())
	} else {
		ts.Check(err)
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, not %s", strings.Join(args[1:], " "), code, args[0])
	}
}
