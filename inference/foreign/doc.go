// Package foreign tests the server with programs that are not ours, because a
// client and a server of one author agree even where both are wrong.
//
// Prism (@stoplight/prism-cli, pinned in package-lock.json) stands between
// client and server and checks every request and every answer against the
// OpenAPI description of the Open Inference Protocol that KServe publishes.
// grpcurl (pinned in go.mod) knows nothing of the protocol and asks the server
// itself, through reflection, what it can be asked.
//
// The exchanges are recorded in testdata; `go test -update` records what the
// server answers now. `make -C inference conform` installs what this needs and
// runs it.
package foreign
