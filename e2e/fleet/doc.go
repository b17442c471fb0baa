// Package fleet is the tests' copy of the sample fleet, in a Git repository of its
// own that Argo CD follows. A test changes inputs, runs "mlfleet generate" and
// commits, as a person would.
//
// The copy differs from the sample in what must: it names this repository and the
// addresses of the clusters that run here, and it has no sync windows, because
// whether one is open depends on the day. It may be cut to some of the regions.
package fleet
