// Package sandbox gives a test binary a machine of its own: a network namespace
// with nothing but the loopback interface, a PID namespace, a /dev/shm, and a
// temporary folder.
//
// Some servers cannot be told where to listen (Argo CD's application controller
// opens its metrics on every address), so the network has only the loopback
// interface: whatever they open is reachable from here alone, and nothing here
// reaches out. And forty servers should not stay behind when a test is
// interrupted or killed: the tests run as the first process of a PID namespace,
// so the kernel ends all others with them, however they end.
//
// The binary therefore runs twice. The outer process makes the folder and the
// namespaces, starts itself again inside, measures the memory of everything
// below it, and removes the folder. The inner one runs the tests.
package sandbox
