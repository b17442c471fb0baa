// Package pools builds what makes a cluster's GPU nodes and divides their GPUs: Karpenter's
// objects where Karpenter makes the nodes, the cluster autoscaler's order of preference
// where it does, and the GPU operator's settings in both.
//
// It takes a cluster and the catalogue of instance types. It knows nothing of tenants'
// models: a pool's shape is the platform's decision, and a tenant's pull request must
// not change nodes. Pods ask for a GPU class, a capacity type and a resource; which of
// the pool's instance types has enough GPUs for them is Karpenter's to work out.
package pools
