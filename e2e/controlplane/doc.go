// Package controlplane runs real Kubernetes control planes: etcd, and for each
// cluster an API server with its controller manager, its scheduler and KWOK, which
// plays the kubelets of nodes that do not exist, and the cloud's controllers.
//
// All API servers share one etcd, each below a prefix of its own. That saves
// memory, and makes the resource versions of all objects of all clusters one
// sequence: a test can tell which of two objects was written first.
//
// No certificate authority is needed: an API server signs its own certificate into
// its folder, and that certificate is what clients trust. Users are known by random
// tokens in a file.
package controlplane
