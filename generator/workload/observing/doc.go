// Package observing builds what watches the models: what Prometheus scrapes, what it
// records and alerts on, whom Alertmanager tells, and what Grafana shows. It takes a
// placement and one of its models, and knows of the pods only their labels, ports and
// metrics.
//
// # One vocabulary for both servers
//
// The included server and Triton name and measure things differently. Recording rules
// (recording.go) turn each one's metrics into the same few series, whose names begin
// with "model:". Alerts and dashboards read those, so they know nothing of servers.
//
// # What was promised is a series too
//
// Objectives differ between environments and tiers; the alerts do not. The promised
// latency and error budget are therefore recorded as series of their own
// (objectives.go), and the alerts compare with them. A cluster's overlay then changes
// two numbers, not the whole list of alerts, and a dashboard can draw the promise
// beside the measurement.
//
// # Who says what a series is about
//
//   - What we scrape ourselves carries namespace, tenant, model, environment and cluster,
//     put there by the ServiceMonitor. A server cannot claim to be another tenant's.
//   - kube-state-metrics and the kubelet's cAdvisor are scraped with honorLabels (as the
//     charts of kube-prometheus-stack do), so that namespace and pod are those of the pod
//     that a series is about.
//   - The DCGM exporter is scraped without, by default of its own chart and of the GPU
//     operator's: namespace and pod are the exporter's, and those of the pod on the GPU are
//     exported_namespace and exported_pod. Where somebody sets honorLabels they are namespace
//     and pod. Package contract has the one expression that reads both; alerts, dashboard and
//     autoscaling use it.
//
// Pods are recognized by name: a Deployment's pod has exactly two further parts after
// the model's name, so that no model is taken for another whose name it begins with, its
// own canary among them. kube-state-metrics exports pods' labels only where it is told to.
//
// # Canaries
//
// A canary is a model here: it has rules of its own, on its own pods, against the promises of
// the model whose requests it takes, and its own line on the dashboard.
//
// # Logs
//
// Fluent Bit reads what pods write and sends it where the cluster says (logs.go). A pod has
// no part in it, so there is nothing of it in a placement.
//
// # No text of a tenant's
//
// Expressions and annotations hold names, which are DNS labels, and numbers. A tenant's
// description reaches neither: annotations are templates that Prometheus expands.
package observing
