package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// linuxCommands are the stories' commands that need Linux:
//
//	hold DIR     holds DIR as another run of mlfleet would
//	nobodys DIR  gives everything below DIR to nobody, for the program as-nobody
var linuxCommands = map[string]func(*testscript.TestScript, bool, []string){
	"hold":    hold,
	"nobodys": nobodys,
}

// linuxPrograms are the stories' programs that need Linux:
//
//	as-nobody PROGRAM ARG…  runs a program as a user whom permissions bind: nobody
//	                        if tests run as root, otherwise who runs them
var linuxPrograms = map[string]func(){"as-nobody": asNobody}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold DIR")
	}
	dir, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { dir.Close() })
	ts.Check(syscall.Flock(int(dir.Fd()), syscall.LOCK_EX))
}

const nobody = 65534

func nobodys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nobodys DIR")
	}
	if os.Geteuid() != 0 {
		return // it is who runs the tests
	}
	dir := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	}))
	program, err := exec.LookPath("mlfleet")
	ts.Check(err)
	ts.Check(openWay(filepath.Dir(dir)))
	ts.Check(openWay(filepath.Dir(program)))
}

// openWay lets everybody into dir and the folders that lead there, up to the one
// for temporary files: they were made for this test.
func openWay(dir string) error {
	for ; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func asNobody() {
	err := errors.New("as-nobody wants a program and its arguments")
	if len(os.Args) > 1 {
		err = becomeNobody(os.Args[1:])
	}
	fmt.Fprintf(os.Stderr, "as-nobody: %v\n", err)
	os.Exit(125)
}

// becomeNobody returns only if it fails.
func becomeNobody(args []string) error {
	program, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		for _, drop := range []func() error{
			func() error { return syscall.Setgroups(nil) },
			func() error { return syscall.Setgid(nobody) },
			func() error { return syscall.Setuid(nobody) },
		} {
			if err := drop(); err != nil {
				return err
			}
		}
	}
	return syscall.Exec(program, args, os.Environ())
}
