// Package guardrails builds the fence around a tenant in one cluster: its namespace,
// identity, rights, quotas, limits and network policies.
//
// It takes a placement and gives one object a function. It knows nothing of the
// models inside: a fence changes with the grant and the cluster, never with what
// runs. Without a cluster everything that only a cluster knows is closed.
package guardrails
