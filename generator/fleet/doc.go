// Package fleet holds what every step talks about: the fleet's inputs as typed
// values, loaded, checked, with their defaults filled in and their references
// resolved.
//
// It takes nothing and imports nothing of ours, so that the steps can depend on
// it without depending on each other. Package load makes a Fleet; every later
// step only reads it. Nobody changes a Fleet once it is loaded, so it may be
// read from many goroutines.
package fleet
