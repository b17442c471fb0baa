// Package inventory lists every image that the generated tree and the pins name,
// with what is known of it: the answer to "what runs where, and who says that it
// may".
//
// It reads what is committed, not what a cluster says: golden/manifests, which is
// what Argo CD syncs, and environments/*/images.yaml, which is what people edit.
// That the two agree is one of the things that it looks at.
package inventory
