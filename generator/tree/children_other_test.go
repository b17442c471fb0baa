//go:build !linux

package tree_test

// children are what this binary can do as a child process. How to fill a disk
// without harm is known for Linux alone.
var children = map[string]func() error{"write": writeUntilKilled}
