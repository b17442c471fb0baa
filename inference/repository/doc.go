// Package repository keeps the models that are served: it finds their versions
// on disk, decides by a policy which to serve, loads and warms them up, and
// swaps them without failing a request.
//
// A swap is all or nothing. New versions are loaded and warmed up while the old
// ones serve; only when every one of them is ready does the set change, in one
// step, and a version that is no longer wanted is closed after its last request
// has been answered. If anything is wrong with a new version, nothing changes.
package repository
