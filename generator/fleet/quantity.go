package fleet

import "k8s.io/apimachinery/pkg/api/resource"

// Quantity is a Kubernetes quantity: 500m, 8Gi.
type Quantity = resource.Quantity
