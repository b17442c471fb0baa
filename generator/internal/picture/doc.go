// Package picture draws the layout of a Grafana dashboard from its JSON, for the
// documentation: where each panel lies, what it is called, what it asks Prometheus for, and
// the legends of its curves. It draws no curve, because a dashboard in a repository has no
// data; what Grafana makes of the same JSON looks different in fonts and colours.
//
// Its test keeps docs/images/dashboard.svg equal to what golden/ has.
package picture
