// Package diff says what a change does. It takes the tree as it was and the tree
// as it will be, and gives what differs between them as a reviewer thinks of it:
// tenants, clusters, objects, fields.
//
// A line diff of golden/ shows the same change many times over: in the base, in
// each cluster's patch, in each cluster's manifests. This package compares only
// what reaches a cluster (manifests/) and what reaches Argo CD (argocd/), object
// by object and field by field. The Kustomize sources beside them are counted,
// no more, because what they build to is in manifests/.
//
// Nothing that differs is left out: a file whose bytes differ although its
// objects are equal is listed as rewritten, and one that cannot be read as
// objects as unreadable.
//
// Old files are read only where they differ, and the tree is never held in
// memory: what stays is the paths of the old files and the differences.
package diff
