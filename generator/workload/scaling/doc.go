// Package scaling builds what changes the number of a model's replicas. It takes a
// placement and one of its models, and knows of the pods only their names and metrics.
package scaling
