// Package command is mlfleet-ci's command line. It opens what the steps need
// (registries, keys, the policy, the vulnerability database), hands it to
// pipeline, inventory or promote, and prints what they give.
//
// What goes where, and what the exit codes mean, is as in mlfleet: results on
// standard output, everything else on standard error, one sentence for a mistake
// on the command line. Everything that can be wrong before the first minute of
// work, such as a key that nobody can read, is looked at before it.
package command
