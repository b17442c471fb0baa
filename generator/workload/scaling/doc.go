// Package scaling builds what changes the number of a model's replicas: KEDA's
// ScaledObject as a rule, a HorizontalPodAutoscaler where a cluster says that it has a
// metrics adapter, and then the adapter's rules. Beside them stands what may say how large
// a replica should be, the VerticalPodAutoscaler, which changes nothing. It takes a
// placement and one of its models, and knows of the pods only their names and metrics.
package scaling
