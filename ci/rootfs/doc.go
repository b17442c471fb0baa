// Package rootfs reads an image's layers as one file system, without ever writing a file.
//
// A scanner must see what the container will see: upper layers hide lower ones, whiteouts delete, links point.
// It must also see what the container will not see: a key deleted in a later layer is still in the image that
// everybody can pull. So [Walk] hands every regular file of every layer to its visitor, once, and returns the [Tree]
// that says which of them are left at the end and under which names.
//
// An image is somebody else's tar files, so every byte is hostile until checked. Each layer is hashed while it is read
// (compressed digest and uncompressed diff ID); names and links that leave the image, decompression bombs, sparse files that
// claim terabytes, endless lists of entries and truncated layers are errors that name the layer and the entry.
// Nothing is followed on the machine that scans: links are resolved inside the tree, with root as their ceiling.
package rootfs
