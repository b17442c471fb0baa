// Package nodes makes the nodes that a cluster's inputs promise: for every GPU
// pool as many as it may grow to, with the zones, instance types, capacity types,
// taints and GPU resources that the scheduler goes by. KWOK plays their kubelets.
//
// It reads the same inputs as the generator, the files in regions/ and the
// catalogue of instance types in cue/, and none of the generator's code: if the
// generator gets a label or a taint wrong, pods stay pending.
//
// A pool may buy several instance types and capacity types, and a real autoscaler
// buys what the pending pods ask for. Here all nodes exist from the start, so a pool's
// types take turns, node by node, and steadier capacity comes first: reserved,
// on-demand, spot.
//
// Nodes without GPUs are not an input of the generator. Each zone gets the same few.
package nodes
