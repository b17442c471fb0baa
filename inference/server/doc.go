// Package server is the network side: the Open Inference Protocol over REST and
// gRPC, the few plain paths for people and probes, the limits that keep a
// stranger's request from hurting others, and the life of the process from the
// first probe to the end of the drain.
package server
