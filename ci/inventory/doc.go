// Package inventory lists every image that the generated tree and the pins name,
// with what is known of it: the answer to "what runs where, and who says that it
// may".
//
// It reads what is committed, not what a cluster says: environments/*/images.yaml,
// which is what people edit; golden/platform and golden/tenants, which is what Argo
// CD builds and syncs; and golden/manifests, which is the same, built. Where they
// disagree, somebody edited what is generated: that is a finding. Ways to change an
// image that mlfleet never takes (a patch, a remote resource, an override in an
// Application) are errors, so that nothing runs which is not on the list.
package inventory
