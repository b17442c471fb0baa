// Package observing builds what watches the models. It takes a placement and one of
// its models, and knows of the pods only their labels, ports and metrics.
package observing
