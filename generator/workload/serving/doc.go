// Package serving builds what serves a model: its Deployment with the pod that
// fetches and loads it, its Service, its ConfigMap and its disruption budget.
//
// It takes a placement and one of its models. It knows the contract with the
// servers, and nothing of who scales, watches or reaches them.
package serving
