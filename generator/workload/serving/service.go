package serving

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Service is the model's address inside the cluster; the ingress reaches an
// exposed model through it as well. Clients stay in their zone where it has a
// ready replica: traffic between zones costs money and a millisecond.
func Service(p *fleet.Placement, m *fleet.Model) *corev1.Service {
	meta := object.ModelMeta(p, m)
	meta.Labels[object.LabelExposure] = object.Exposure(m)
	meta.Annotations = serviceAnnotations(p, m)
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: meta,
		Spec: corev1.ServiceSpec{
			Type:                corev1.ServiceTypeClusterIP,
			Selector:            object.ModelSelector(p.Tenant, m),
			TrafficDistribution: new(corev1.ServiceTrafficDistributionPreferSameZone),
			Ports: []corev1.ServicePort{
				// Without h2c (KEP-3726) a proxy would speak HTTP/1.1 to the gRPC port.
				servicePort(contract.HTTPPortName, contract.PortHTTP, "http"),
				servicePort(contract.GRPCPortName, contract.PortGRPC, "kubernetes.io/h2c"),
				servicePort(contract.MetricsPortName, contract.PortMetrics, "http"),
			},
		},
	}
}

func servicePort(name string, port int32, protocol string) corev1.ServicePort {
	return corev1.ServicePort{
		Name:        name,
		Protocol:    corev1.ProtocolTCP,
		AppProtocol: new(protocol),
		Port:        port,
		TargetPort:  intstr.FromString(name),
	}
}

// serviceAnnotations tell what the model is, what its clients were promised and
// where they find it. There is none for external-dns: for a ClusterIP it would
// publish the cluster's internal address; the names are traffic.DNSRecords'.
func serviceAnnotations(p *fleet.Placement, m *fleet.Model) map[string]string {
	annotations := map[string]string{
		object.AnnotationLatencyP99:   m.Spec.SLO.LatencyP99.Duration.String(),
		object.AnnotationAvailability: m.Spec.SLO.Availability,
	}
	if m.Spec.Description != "" {
		annotations[object.AnnotationDescription] = m.Spec.Description
	}
	if p.Cluster != nil && m.Spec.Expose != nil {
		annotations[object.AnnotationHostname] = p.Hostname(m)
	}
	return annotations
}
