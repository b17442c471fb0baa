// Package cases holds the tests: each proves one promise of the generator on
// servers that nobody here wrote. They share one world, which the first of them
// syncs, and run in the order of their files' names, because some change the fleet.
//
// They need programs that take minutes to compile, so "go test" alone skips them:
// use "make e2e" or "make e2e-smoke".
package cases
