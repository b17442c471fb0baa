//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// What the stories need Linux for; those that do are skipped elsewhere.
var (
	linuxCommands map[string]func(*testscript.TestScript, bool, []string)
	linuxPrograms map[string]func()
)
