// Package processes starts servers, watches over them and ends them.
//
// A server that a test needs must not outlive the test, and one that dies early
// should say so at once instead of letting the test wait. So each process has a
// log file of its own, and tells when it ended. That none survives is not this
// package's doing alone: tests run as the first process of a PID namespace (see
// package sandbox), and the kernel ends with it whatever is still there.
package processes
