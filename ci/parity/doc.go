// Package parity holds our scan to Trivy's: the whole of Trivy (its Runner, as its command line calls it) and our scan, which calls only
// Trivy's detectors, must find exactly the same vulnerabilities, packages and secrets in the same images with the same database.
//
// It is a module of its own because the Runner brings five times the code and wants GOEXPERIMENT=jsonv2: `make -C ci parity` sets that. It
// is compiled nightly and before a release, not with every test run.
package parity
