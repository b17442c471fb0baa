// Package sandbox starts an image the way a cluster would, and stricter: with
// runc, as the image's user, on a read-only root, without capabilities, new
// privileges or devices, and in a network of its own that has a loopback and
// nothing else. What works here needs none of them.
//
// No container daemon is involved: the layers are unpacked into a folder, runc
// gets a bundle, and requests enter the container's network by a socket that is
// made inside of it. runc and root are needed (user namespaces are off on many
// build machines); Start says so where one is missing.
package sandbox
