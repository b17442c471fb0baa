// Package registry talks to image registries, and is one where there is none.
//
// Registries fail in ordinary ways: they answer 500, cut connections in the
// middle of a layer, and take minutes to recover. A Client tries again, waiting
// longer each time, and when it gives up it says which registry, how often, and
// what to do. It pushes tags last, so that what others see under a tag is always
// whole. What it pulls it checks: every manifest, config and layer against the
// digest and size that named it.
//
// A Local is a registry in this process whose contents stay in a folder, so that
// a laptop without a registry can build, scan, sign and promote.
package registry
