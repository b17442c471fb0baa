// Package traffic builds the way from a client to a model: the gateways that a
// cluster has once for all tenants, and for each exposed model its route, which
// splits requests between the model and its canary, and its DNS records.
//
// It takes a placement and one of its models, or a cluster. What a cluster offers
// decides which objects there are: where a gateway's pods run, the environment's
// routing API (Gateway API or Istio) has the routes; where a load balancer reaches
// the pods by itself, an Ingress of the AWS load balancer controller has them. A
// split is worked out once (split.go), and each of the three writes it down.
//
// All of it names clusters, so a tenant's Base has none of it: a base that somebody
// applied by mistake would open no way in.
package traffic
