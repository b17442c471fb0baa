// Package manifest is one Kubernetes object as an ordered tree: made from a
// typed object, compared with another, printed as YAML.
//
// A fleet of a thousand tenants is a hundred thousand objects, so this is the
// hottest path of the generator. General YAML encoders cost twenty to forty
// times what encoding/json does, because they go through maps and events; this
// package walks the typed object once, straight into a tree whose maps are
// already in printing order, and prints that. The tree is also what patches are
// computed on: two ordered maps are compared by walking both once.
//
// What From gives is what encoding/json would give, less the noise that
// Kubernetes' types cannot leave out: an empty status, and empty structs that
// their own tag asks to omit ("resources: {}", "strategy: {}"). An empty map that
// means something ("podSelector: {}", "emptyDir: {}") stays.
//
// What AppendYAML prints reads back as the same value under YAML 1.1 and 1.2; a
// fuzz target holds it to that with Kubernetes' parser and with CUE's.
package manifest
