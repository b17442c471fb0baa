// Package overlay is the Kustomize source of one placement: it takes the base
// objects and the objects as they must be in one cluster, and gives the files
// that make Kustomize build the one from the other.
//
// Patches are computed, never written: no value is set in two places, and
// "kustomize build" of an overlay gives the final objects by construction.
// Kustomize itself is far too slow to be asked for every overlay (about 1.3 ms
// of CPU an object), so this package knows how Kustomize merges, and tests hold
// that knowledge to the real thing:
//
//   - A strategic merge patch carries changed values, and keys added to or taken
//     from maps. All of an overlay's stand in one file, one document an object.
//   - Lists of built-in kinds that merge by key (containers, env, ports, …) come
//     back with the patch's items first, so a patch names the items up to the last
//     changed one, in their order. That works while a list keeps its shape: the
//     same items in the same order.
//   - A list that changes its shape, and anything else that Kustomize's merge would
//     bend, is carried by a JSON 6902 patch on the exact path, after the merge.
//   - Labels that the whole overlay shares, and digests, belong to the "labels" and
//     "images" of the kustomization. Kustomize applies them after all patches, so
//     patches are computed against the final objects with these two undone.
package overlay
