// Package command is mlfleet's command line: what the user writes becomes calls
// of the generator, and what those return becomes text, JSON and an exit code.
//
// It decides nothing about a fleet. It decides who reads what: results go to
// standard output and everything else to standard error, so that a result can be
// piped; and a mistake in an input is shown as the line to mend, a mistake on the
// command line as one sentence, a mistake in mlfleet itself as a bug to report.
package command
