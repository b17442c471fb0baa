package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the stories print into them")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mlfleet-preview": main})
}

// The root of the repository, whose program makes the trees that the stories preview.
const root = "../../.."

// TestScript runs the stories of testdata/script. Beside testscript's own commands
// they have these:
//
//	fleet                  generates the small fleet of mlfleet's own stories
//	edit FILE OLD NEW      replaces the first OLD in FILE; \n is a line end in both
//	commit MESSAGE         commits everything to Git
//	exit CODE PROGRAM…     runs a program, which must end with that code
func TestScript(t *testing.T) {
	programs := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-C", root, "-o", filepath.Join(programs, "mlfleet"), "./cmd/mlfleet")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling mlfleet: %v\n%s", err, out)
	}
	fleet, err := filepath.Abs(root + "/cmd/mlfleet/testdata/fleet")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", programs+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+who+"_NAME", "A Tester")
				env.Setenv("GIT_"+who+"_EMAIL", "tester@mlfleet.example")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fleet": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(fleet)))
				ts.Check(ts.Exec("mlfleet", "generate", "-q"))
			},
			"edit":   edit,
			"commit": commit,
			"exit":   exit,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	lines := strings.NewReplacer(`\n`, "\n")
	before, after := lines.Replace(args[1]), lines.Replace(args[2])
	content := ts.ReadFile(args[0])
	if !strings.Contains(content, before) {
		ts.Fatalf("%s does not have %q", args[0], before)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(content, before, after, 1)), 0o666))
}

func commit(ts *testscript.TestScript, _ bool, args []string) {
	if _, err := os.Stat(ts.MkAbs(".git")); err != nil {
		ts.Check(ts.Exec("git", "init", "-q", "-b", "main"))
	}
	ts.Check(ts.Exec("git", "add", "-A"))
	ts.Check(ts.Exec("git", "commit", "-q", "-m", args[0]))
}

func exit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM ARG...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s: exit code %d, not %s", strings.Join(args[1:], " "), got, args[0])
	}
}
