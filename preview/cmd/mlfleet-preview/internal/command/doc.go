// Package command is mlfleet-preview's command line. It has no logic: it calls preview
// and prints what that gives.
//
// What goes where, and what the exit codes mean, is as in mlfleet: results on standard
// output, everything else on standard error, one sentence for a mistake on the command
// line.
package command
