package main

// source is one project's release and what is wanted of it.
type source struct {
	project string // as messages name it
	module  string
	version string
	licence string
	file    string // in testdata

	kinds []string // "apiVersion Kind"
	paths []string // files of the module that hold their schemas
	enums string   // Go file of the module that holds the enums which the schemas lack
	crds  bool     // paths are CustomResourceDefinitions
}

// sources is the one list of what is vendored. An object of a kind that is not
// here fails its check, so this list grows with what the generator emits.
//
// Argo CD is here twice: v2.14 is the engine that previews the ApplicationSets,
// v3.5 the release that runs, and what the generator emits has to be valid
// under both. prometheus-operator's newer releases are not on the module proxy
// as a main module (only its Go types are); v0.85.0 is the newest that carries
// the CRDs. Karpenter's are the newest whose modules Go 1.26.8 downloads.
func sources() []source {
	return []source{
		{
			project: "Kubernetes",
			module:  "k8s.io/kubernetes",
			version: "v1.36.3",
			licence: "Apache-2.0",
			file:    "kubernetes.json.gz",
			kinds: []string{
				"v1 ConfigMap", "v1 LimitRange", "v1 Namespace", "v1 PersistentVolume", "v1 PersistentVolumeClaim",
				"v1 Pod", "v1 ResourceQuota", "v1 Secret", "v1 Service", "v1 ServiceAccount",
				"apps/v1 DaemonSet", "apps/v1 Deployment", "apps/v1 StatefulSet",
				"autoscaling/v2 HorizontalPodAutoscaler",
				"batch/v1 CronJob", "batch/v1 Job",
				"networking.k8s.io/v1 Ingress", "networking.k8s.io/v1 IngressClass", "networking.k8s.io/v1 NetworkPolicy",
				"policy/v1 PodDisruptionBudget",
				"rbac.authorization.k8s.io/v1 ClusterRole", "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
				"rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 RoleBinding",
				"scheduling.k8s.io/v1 PriorityClass",
				"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
				"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
				"storage.k8s.io/v1 StorageClass",
			},
			paths: []string{
				"api/openapi-spec/v3/api__v1_openapi.json",
				"api/openapi-spec/v3/apis__admissionregistration.k8s.io__v1_openapi.json",
				"api/openapi-spec/v3/apis__apps__v1_openapi.json",
				"api/openapi-spec/v3/apis__autoscaling__v2_openapi.json",
				"api/openapi-spec/v3/apis__batch__v1_openapi.json",
				"api/openapi-spec/v3/apis__networking.k8s.io__v1_openapi.json",
				"api/openapi-spec/v3/apis__policy__v1_openapi.json",
				"api/openapi-spec/v3/apis__rbac.authorization.k8s.io__v1_openapi.json",
				"api/openapi-spec/v3/apis__scheduling.k8s.io__v1_openapi.json",
				"api/openapi-spec/v3/apis__storage.k8s.io__v1_openapi.json",
			},
			enums: "pkg/generated/openapi/zz_generated.openapi.go",
		},
		argoCD("github.com/argoproj/argo-cd/v3", "v3.5.7", "argo-cd-v3.json.gz"),
		argoCD("github.com/argoproj/argo-cd/v2", "v2.14.21", "argo-cd-v2.json.gz"),
		{
			project: "prometheus-operator",
			module:  "github.com/prometheus-operator/prometheus-operator",
			version: "v0.85.0",
			licence: "Apache-2.0",
			file:    "prometheus-operator.json.gz",
			kinds: []string{
				"monitoring.coreos.com/v1 PodMonitor", "monitoring.coreos.com/v1 PrometheusRule", "monitoring.coreos.com/v1 ServiceMonitor",
				"monitoring.coreos.com/v1alpha1 AlertmanagerConfig",
			},
			paths: []string{
				"example/prometheus-operator-crd/monitoring.coreos.com_alertmanagerconfigs.yaml",
				"example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
				"example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
				"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
			},
			crds: true,
		},
		{
			project: "Karpenter",
			module:  "sigs.k8s.io/karpenter",
			version: "v1.13.0",
			licence: "Apache-2.0",
			file:    "karpenter.json.gz",
			kinds:   []string{"karpenter.sh/v1 NodePool", "karpenter.sh/v1alpha1 NodeOverlay"},
			paths:   []string{"pkg/apis/crds/karpenter.sh_nodeoverlays.yaml", "pkg/apis/crds/karpenter.sh_nodepools.yaml"},
			crds:    true,
		},
		{
			project: "Karpenter's AWS provider",
			module:  "github.com/aws/karpenter-provider-aws",
			version: "v1.13.1",
			licence: "Apache-2.0",
			file:    "karpenter-aws.json.gz",
			kinds:   []string{"karpenter.k8s.aws/v1 EC2NodeClass"},
			paths:   []string{"pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml"},
			crds:    true,
		},
		{
			project: "KEDA",
			module:  "github.com/kedacore/keda/v2",
			version: "v2.21.0",
			licence: "Apache-2.0",
			file:    "keda.json.gz",
			kinds:   []string{"keda.sh/v1alpha1 ScaledObject"},
			paths:   []string{"config/crd/bases/keda.sh_scaledobjects.yaml"},
			crds:    true,
		},
		{
			project: "Gateway API",
			module:  "sigs.k8s.io/gateway-api",
			version: "v1.6.3",
			licence: "Apache-2.0",
			file:    "gateway-api.json.gz",
			kinds:   []string{"gateway.networking.k8s.io/v1 Gateway", "gateway.networking.k8s.io/v1 HTTPRoute"},
			paths: []string{
				"config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
				"config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
			},
			crds: true,
		},
		{
			project: "Istio",
			module:  "istio.io/api",
			version: "v1.31.1",
			licence: "Apache-2.0",
			file:    "istio.json.gz",
			kinds: []string{
				"networking.istio.io/v1 DestinationRule", "networking.istio.io/v1 Gateway", "networking.istio.io/v1 VirtualService",
			},
			paths: []string{"kubernetes/customresourcedefinitions.gen.yaml"},
			crds:  true,
		},
		{
			project: "cert-manager",
			module:  "github.com/cert-manager/cert-manager",
			version: "v1.19.1",
			licence: "Apache-2.0",
			file:    "cert-manager.json.gz",
			kinds:   []string{"cert-manager.io/v1 Certificate"},
			paths:   []string{"deploy/crds/cert-manager.io_certificates.yaml"},
			crds:    true,
		},
		{
			project: "ExternalDNS",
			module:  "sigs.k8s.io/external-dns",
			version: "v0.20.0",
			licence: "Apache-2.0",
			file:    "external-dns.json.gz",
			kinds:   []string{"externaldns.k8s.io/v1alpha1 DNSEndpoint"},
			paths:   []string{"config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml"},
			crds:    true,
		},
		{
			project: "VerticalPodAutoscaler",
			module:  "k8s.io/autoscaler/vertical-pod-autoscaler",
			version: "v1.8.1",
			licence: "Apache-2.0",
			file:    "vertical-pod-autoscaler.json.gz",
			kinds:   []string{"autoscaling.k8s.io/v1 VerticalPodAutoscaler"},
			paths:   []string{"deploy/vpa-v1-crd-gen.yaml"},
			crds:    true,
		},
		{
			project: "External Secrets Operator",
			module:  "github.com/external-secrets/external-secrets",
			version: "v1.3.2",
			licence: "Apache-2.0",
			file:    "external-secrets.json.gz",
			kinds:   []string{"external-secrets.io/v1 ExternalSecret", "external-secrets.io/v1 SecretStore"},
			paths: []string{
				"config/crds/bases/external-secrets.io_externalsecrets.yaml",
				"config/crds/bases/external-secrets.io_secretstores.yaml",
			},
			crds: true,
		},
	}
}

func argoCD(module, version, file string) source {
	return source{
		project: "Argo CD",
		module:  module,
		version: version,
		licence: "Apache-2.0",
		file:    file,
		kinds: []string{
			"argoproj.io/v1alpha1 AppProject", "argoproj.io/v1alpha1 Application", "argoproj.io/v1alpha1 ApplicationSet",
		},
		paths: []string{
			"manifests/crds/application-crd.yaml", "manifests/crds/applicationset-crd.yaml", "manifests/crds/appproject-crd.yaml",
		},
		crds: true,
	}
}
