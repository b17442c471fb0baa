package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the stories print into them")

func TestMain(m *testing.M) {
	programs := map[string]func(){"mlfleet": main}
	maps.Copy(programs, linuxPrograms)
	testscript.Main(m, programs)
}

// TestScript runs the stories of testdata/script. Beside testscript's own commands
// they have these:
//
//	fleet [DIR]              copies the small fleet of testdata/fleet to DIR (.)
//	edit FILE OLD NEW        replaces OLD, which FILE has exactly once; Go escapes
//	                         such as \n and \xff are understood in both
//	repeat FILE COUNT TEXT   writes TEXT that many times to the end of FILE
//	exit CODE PROGRAM ARG…   runs a program, which must end with that code
//	remember DIR             notes every file below DIR, with time and content
//	untouched DIR            fails if anything below DIR is not as remembered
//	commit MESSAGE           commits everything in the current folder to Git
func TestScript(t *testing.T) {
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"fleet":     copyFleet,
		"edit":      edit,
		"repeat":    repeat,
		"exit":      exit,
		"remember":  remember,
		"untouched": untouched,
		"commit":    commit,
	}
	maps.Copy(commands, linuxCommands)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+who+"_NAME", "A Tester")
				env.Setenv("GIT_"+who+"_EMAIL", "tester@mlfleet.example")
				env.Setenv("GIT_"+who+"_DATE", "2026-01-02T03:04:05Z")
			}
			env.Values["remembered"] = map[string]string{}
			return nil
		},
		Cmds:                commands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func copyFleet(ts *testscript.TestScript, neg bool, args []string) {
	dir := "."
	if len(args) == 1 {
		dir = args[0]
	}
	ts.Check(os.CopyFS(ts.MkAbs(dir), os.DirFS(smallFleet)))
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	before, after := unescape(ts, args[1]), unescape(ts, args[2])
	content := ts.ReadFile(args[0])
	if n := strings.Count(content, before); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], before, n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(content, before, after, 1)), 0o666))
}

func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat FILE COUNT TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	ts.Check(err)
	_, err = file.WriteString(strings.Repeat(unescape(ts, args[2]), n))
	ts.Check(errors.Join(err, file.Close()))
}

func unescape(ts *testscript.TestScript, s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	ts.Check(err)
	return text
}

func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with %d, not %d", args[1], got, want)
	}
}

func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remember DIR")
	}
	state, err := stateOf(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(state) < 2 {
		ts.Fatalf("there is nothing in %s to remember", args[0])
	}
	ts.Value("remembered").(map[string]string)[args[0]] = strings.Join(state, "\n")
}

func untouched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: untouched DIR")
	}
	before, ok := ts.Value("remembered").(map[string]string)[args[0]]
	if !ok {
		ts.Fatalf("%s was not remembered", args[0])
	}
	state, err := stateOf(ts.MkAbs(args[0]))
	ts.Check(err)
	if after := strings.Join(state, "\n"); after != before {
		ts.Fatalf("%s is not as it was; before:\n%s\nafter:\n%s", args[0], before, after)
	}
}

// stateOf lists everything below dir: mode, time of change, path and content.
func stateOf(dir string) ([]string, error) {
	state := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%v %v", info.Mode(), info.ModTime().UnixNano())
		if d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %x", sha256.Sum256(content))
		}
		state[path] = path + " " + line
		return nil
	})
	return slices.Collect(func(yield func(string) bool) {
		for _, path := range slices.Sorted(maps.Keys(state)) {
			if !yield(state[path]) {
				return
			}
		}
	}), err
}

func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commit MESSAGE")
	}
	ts.Check(ts.Exec("git", "init", "--quiet", "--initial-branch=main"))
	ts.Check(ts.Exec("git", "add", "--all"))
	ts.Check(ts.Exec("git", "commit", "--quiet", "--message="+args[0]))
}

// smallFleet is the fleet that the stories start from: two tenants with a model
// each, in two regions with three clusters.
const smallFleet = "testdata/fleet"
