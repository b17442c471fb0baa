// Package workload builds the Kubernetes objects of a placement in their final
// form: the tenant's guardrails, its models, and what a cluster needs once for
// all tenants.
//
// It takes a fleet.Placement (or a fleet.Cluster, for the platform) and gives
// typed objects, each with the place in the Kustomize base where a reader finds
// it. It knows nothing of bases, patches or files: one function builds one
// object as it must be in the cluster, and package overlay works out what
// differs between clusters. For a placement without a cluster (a tenant's Base)
// the same functions leave out what only a cluster can know.
package workload
