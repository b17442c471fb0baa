package promote_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/promote"
	"github.com/mlfleet/mlfleet/ci/sign"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	zeros   = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// mlfleet is the program itself, built from this repository.
var mlfleet string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "promote")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	mlfleet = filepath.Join(dir, "mlfleet")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", mlfleet, "./cmd/mlfleet").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

const (
	stagingFile    = "environments/staging/images.yaml"
	productionFile = "environments/production/images.yaml"
)

// fleet has a proven pin and an unproven one in staging, and pins of another
// digest and of none in production.
func fleet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for file, content := range map[string]string{
		stagingFile: pins("staging", "v2", digestA) + unproven("triton", "nobody has resolved it"),
		productionFile: pins("production", "v1", digestB) + unproven("triton", "nobody has resolved it") +
			"    late: # unproven here, proven in staging\n" + strings.SplitN(unproven("x", "not released"), "\n", 2)[1],
	} {
		file = filepath.Join(dir, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(content), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pins(environment, tag, digest string) string {
	text := `# What ` + environment + ` runs.
apiVersion: mlfleet.dev/v1alpha1
kind: ImagePins
metadata:
  name: ` + environment + `
spec:
  images:
    server: # ours
      image: ghcr.io/acme/server
      tag: ` + tag + `
      digest: ` + digest + ` # set by machines
`
	if environment == "staging" {
		text += "    late:\n      image: nvcr.io/nvidia/tritonserver\n      tag: 25.10-py3\n      digest: " + digestB + "\n"
	}
	return text
}

func unproven(pin, reason string) string {
	return "    " + pin + ":\n      image: nvcr.io/nvidia/tritonserver\n      tag: 25.10-py3\n      digest: " + zeros + "\n      unproven: true\n      reason: " + reason + "\n"
}

// proven says that every image is.
func proven(_ context.Context, image name.Digest) (*sign.Evidence, error) {
	return &sign.Evidence{Image: image}, nil
}

func promotion(dir string) *promote.Promotion {
	return &promote.Promotion{Dir: dir, Name: "server", From: "staging", To: "production", Mlfleet: mlfleet, Verify: proven}
}

func content(t *testing.T, dir, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A proven image's digest and tag go to the other environment, and nothing else
// changes. Once more changes nothing.
func TestPromote(t *testing.T) {
	dir := fleet(t)
	before, staging := content(t, dir, productionFile), content(t, dir, stagingFile)
	var asked []string
	p := promotion(dir)
	p.Verify = func(ctx context.Context, image name.Digest) (*sign.Evidence, error) {
		asked = append(asked, image.String())
		return proven(ctx, image)
	}
	result, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !result.Changed || result.Image != "ghcr.io/acme/server:v2@"+digestA || result.Before != "ghcr.io/acme/server:v1@"+digestB || result.Evidence == nil || result.Output == "" {
		t.Errorf("%+v", result)
	}
	want := strings.NewReplacer("tag: v1", "tag: v2", "digest: "+digestB, "digest: "+digestA).Replace(before)
	if got := content(t, dir, productionFile); got != want {
		t.Errorf("the target became\n%s", got)
	}
	if content(t, dir, stagingFile) != staging {
		t.Error("the source changed")
	}
	p.Mlfleet = filepath.Join(dir, "is not even there")
	result, err = p.Run(t.Context())
	if err != nil || result.Changed {
		t.Errorf("a second time: %+v, %v", result, err)
	}
	if len(asked) != 2 || asked[0] != "ghcr.io/acme/server@"+digestA || asked[1] != asked[0] {
		t.Errorf("asked about %v", asked)
	}
}

// The marks of an unknown digest go when a known one comes.
func TestPromoteToUnproven(t *testing.T) {
	dir := fleet(t)
	p := promotion(dir)
	p.Name = "late"
	if result, err := p.Run(t.Context()); err != nil || !result.Changed {
		t.Fatalf("%+v, %v", result, err)
	}
	_, late, _ := strings.Cut(content(t, dir, productionFile), "    late:")
	if strings.Contains(late, "unproven:") || strings.Contains(late, "reason:") || !strings.Contains(late, digestB) {
		t.Errorf("the pin became\n%s", late)
	}
}

// Whatever is wrong, the target stays as it is, and the error says what to do.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(dir string, p *promote.Promotion) error
		says   []string
	}{
		"an unproven pin": {
			func(_ string, p *promote.Promotion) error { p.Name = "triton"; return nil },
			[]string{"its pin in staging is unproven: nobody has resolved it", "mlfleet pin staging triton REF@DIGEST"},
		},
		"evidence that does not verify": {
			func(_ string, p *promote.Promotion) error {
				p.Verify = func(_ context.Context, image name.Digest) (*sign.Evidence, error) {
					return nil, &sign.UnprovenError{Image: image, Reasons: []sign.Reason{{Cause: sign.NoScan, Detail: "it has no scan"}}}
				}
				return nil
			},
			[]string{"promoting server from staging to production", "@" + digestA + " is unproven: it has no scan"},
		},
		"an unknown pin": {
			func(_ string, p *promote.Promotion) error { p.Name = "sever"; return nil },
			[]string{"staging has no such pin: it has late, server, triton"},
		},
		"an unknown environment": {
			func(_ string, p *promote.Promotion) error { p.To = "nowhere"; return nil },
			[]string{"reading the pins of nowhere"},
		},
		"an environment that leads elsewhere": {
			func(_ string, p *promote.Promotion) error { p.To = "../.."; return nil },
			[]string{"reading the pins of ../.."},
		},
		"the same environment": {
			func(_ string, p *promote.Promotion) error { p.To = "staging"; return nil },
			[]string{`from and to are both "staging"`},
		},
		"another image": {
			func(dir string, _ *promote.Promotion) error {
				return edit(dir, stagingFile, "ghcr.io/acme/server", "ghcr.io/attacker/server")
			},
			[]string{"staging has ghcr.io/attacker/server and production has ghcr.io/acme/server"},
		},
		"a program that fails": {
			func(dir string, p *promote.Promotion) error {
				return edit(dir, productionFile, "kind: ImagePins", "kind: ImagePins\nunknown: 1")
			},
			[]string{"environments/production/images.yaml", "unknown"},
		},
		"a program that is not there": {
			func(dir string, p *promote.Promotion) error { p.Mlfleet = filepath.Join(dir, "none"); return nil },
			[]string{"none pin production ghcr.io/acme/server:v2@" + digestA, "no such file"},
		},
		"a program that lies": {
			func(_ string, p *promote.Promotion) error {
				var err error
				p.Mlfleet, err = exec.LookPath("true")
				return err
			},
			[]string{"said it wrote the pin, and production still has ghcr.io/acme/server:v1@" + digestB},
		},
		"a verifier that says nothing": {
			func(_ string, p *promote.Promotion) error {
				p.Verify = func(context.Context, name.Digest) (*sign.Evidence, error) { return nil, nil }
				return nil
			},
			[]string{"promoting server from staging to production", "there is no evidence of ghcr.io/acme/server@" + digestA},
		},
		"evidence of another image": {
			func(_ string, p *promote.Promotion) error {
				p.Verify = func(_ context.Context, image name.Digest) (*sign.Evidence, error) {
					return &sign.Evidence{Image: image.Context().Digest(digestB)}, nil
				}
				return nil
			},
			[]string{"there is no evidence of ghcr.io/acme/server@" + digestA},
		},
		"a program that cannot write": {
			func(dir string, p *promote.Promotion) error {
				p.Mlfleet = filepath.Join(dir, "fails")
				return os.WriteFile(p.Mlfleet, []byte("#!/bin/sh\necho no space left >&2\nexit 3\n"), 0o777)
			},
			[]string{"exit status 3: no space left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fleet(t)
			p := promotion(dir)
			if err := test.change(dir, p); err != nil {
				t.Fatal(err)
			}
			before := content(t, dir, productionFile)
			result, err := p.Run(t.Context())
			if err == nil {
				t.Fatalf("%+v", result)
			}
			t.Log(err)
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error %q does not say %q", err, part)
				}
			}
			if content(t, dir, productionFile) != before {
				t.Error("the target changed")
			}
		})
	}
}

func edit(dir, file, from, to string) error {
	file = filepath.Join(dir, file)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o666)
}

// The program is found where it is named, beside the one that runs, in ../bin and
// on the PATH, in this order.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	place := func(path string) string {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("#!/bin/sh\n"), 0o777)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("PATH", filepath.Join(dir, "path"))
	executable := filepath.Join(dir, "ci", "mlfleet-ci")
	if got, err := promote.Find("", executable); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("nowhere: %q, %v", got, err)
	}
	// A folder of the name and a file that nobody may run are no programs.
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "ci", "mlfleet"), 0o777), os.Mkdir(filepath.Join(dir, "path"), 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"path/mlfleet", "bin/mlfleet", "ci/mlfleet"} {
		if where == "ci/mlfleet" {
			if err := os.Remove(filepath.Join(dir, where)); err != nil {
				t.Fatal(err)
			}
		}
		want := place(where)
		if got, err := promote.Find("", executable); err != nil || got != want {
			t.Errorf("%s: %q, %v", where, got, err)
		}
	}
	want := place("elsewhere/my-mlfleet")
	if got, err := promote.Find(want, executable); err != nil || got != want {
		t.Errorf("named: %q, %v", got, err)
	}
	if got, err := promote.Find(filepath.Join(dir, "nothing"), executable); err == nil {
		t.Errorf("named wrongly: %q", got)
	}
}

// A pin with the right digest that still calls itself unproven is not promoted: the
// cluster would not get it.
func TestPromoteStillUnproven(t *testing.T) {
	dir := fleet(t)
	p := promotion(dir)
	p.Name = "late"
	p.Mlfleet = filepath.Join(dir, "half")
	script := "#!/bin/sh\nsed -i '/late:/,$s/digest: .*/digest: " + digestB + "/' " + filepath.Join(dir, productionFile) + "\n"
	if err := os.WriteFile(p.Mlfleet, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	result, err := p.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "said it wrote the pin, and production still has nvcr.io/nvidia/tritonserver:25.10-py3@"+digestB+" as unproven") {
		t.Errorf("%+v, %v", result, err)
	}
}
