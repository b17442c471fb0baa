// Package workload builds the Kubernetes objects of a placement in their final
// form: the tenant's guardrails, its models, and what a cluster needs once for
// all tenants.
//
// It is three lists, guardrails.go, models.go and platform.go. A line says in which
// file of the Kustomize base an object stands and which function builds it: one
// function an object, one file a function, one folder a concern (package serving,
// scaling, …). A builder that returns nil has nothing to make. What the concerns
// share stands in package object (metadata, labels) and package contract (what pods
// and their servers agree on).
//
// It takes a fleet.Placement (or a fleet.Cluster, for the platform) and gives typed
// objects. It knows nothing of bases and patches: package overlay works out what
// differs between clusters. For a placement without a cluster (a tenant's Base)
// the same functions leave out what only a cluster can know.
package workload
