// Package hub is what Argo CD's hub is told outside of Git: which clusters are
// registered there, under which name and server. preview believes fleet.yaml and
// regions/*.yaml, because whoever runs a fleet registers the clusters as they stand
// there.
//
// Only these two fields of each cluster are read; whether the rest is right is for
// "mlfleet validate" to say.
package hub
