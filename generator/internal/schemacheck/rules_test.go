package schemacheck

import (
	"slices"
	"strings"
	"testing"
)

func TestSamplesKeepTheRules(t *testing.T) {
	c := newChecker(t)
	for _, obj := range samples(t) {
		for _, err := range c.Rules(obj) {
			t.Errorf("%s: %v", identify(obj), err)
		}
	}
}

// TestRulesBroken breaks one rule of a sample at a time. Every line is one that the
// schemas take: otherwise it would prove nothing about the rules.
func TestRulesBroken(t *testing.T) {
	const (
		pod       = "spec.template.spec."
		container = pod + "containers[0]."
	)
	type m = map[string]any
	type l = []any
	c := newChecker(t)
	for _, tc := range []struct {
		kind, path string
		value      any
		want       string // in the first error
	}{
		// Metadata.
		{"Deployment", "metadata.name", "Sentiment", "metadata.name: Invalid value"},
		{"Deployment", "metadata.name", nil, "metadata.name: Required value"},
		{"Deployment", "metadata.namespace", nil, "metadata.namespace: Required value"},
		{"Deployment", "metadata.labels", m{"a/b/c": "x"}, "metadata.labels: Invalid value"},
		{"Deployment", "metadata.labels", m{"a": "spaces in it"}, "metadata.labels: Invalid value"},
		{"Deployment", "metadata.annotations", m{"a b": "x"}, "metadata.annotations: Invalid value"},
		{"AppProject", "metadata.finalizers", l{"no good"}, "metadata.finalizers"},
		{"PriorityClass", "metadata.namespace", "tenant-acme", "metadata.namespace: Forbidden"},
		{"PriorityClass", "metadata.name", "system-gold", "Kubernetes' own"},
		{"Namespace", "metadata.name", "tenant.acme", "metadata.name: Invalid value"},
		{"Service", "metadata.name", "1sentiment", "metadata.name: Invalid value"},
		{"StatefulSet", "metadata.name", "a.b", "metadata.name: Invalid value"},
		{"ClusterRole", "metadata.name", "a/b", "metadata.name: Invalid value"},
		{"CronJob", "metadata.name", strings.Repeat("a", 53), "no more than 52"},
		{"ServiceMonitor", "metadata.name", "under_score", "metadata.name: Invalid value"},

		// Deployments and their like.
		{"Deployment", "spec.replicas", -1, "spec.replicas: Invalid value: -1"},
		{"Deployment", "spec.revisionHistoryLimit", -1, "spec.revisionHistoryLimit"},
		{"Deployment", "spec.minReadySeconds", -1, "spec.minReadySeconds"},
		{"Deployment", "spec.minReadySeconds", 1800, "spec.progressDeadlineSeconds"},
		{"Deployment", "spec.strategy.type", "Recreate", "spec.strategy.rollingUpdate: Forbidden"},
		{"Deployment", "spec.strategy.rollingUpdate", m{"maxSurge": 0, "maxUnavailable": "0%"}, "may not both be 0"},
		{"Deployment", "spec.strategy.rollingUpdate", nil, ""},
		{"Deployment", "spec.strategy.rollingUpdate.maxSurge", "lots", "spec.strategy.rollingUpdate.maxSurge"},
		{"Deployment", "spec.strategy.rollingUpdate.maxUnavailable", "101%", "spec.strategy.rollingUpdate.maxUnavailable"},
		{"Deployment", "spec.selector", m{}, "spec.selector: Required value"},
		{"Deployment", "spec.selector", m{"matchExpressions": l{m{"key": "a", "operator": "Is"}}}, "spec.selector.matchExpressions[0].operator"},
		{"Deployment", "spec.selector.matchLabels", m{"mlfleet.dev/model": "other"}, "selector does not match template labels"},
		{"Deployment", "spec.template.metadata.labels", m{"mlfleet.dev/model": "sentiment", "x": "a b"}, "spec.template.metadata.labels"},
		{"Deployment", "spec.template.metadata.annotations", m{"a b": "x"}, "spec.template.metadata.annotations"},
		{"Deployment", pod + "restartPolicy", "Never", `spec.template.spec.restartPolicy: Unsupported value: "Never"`},
		{"Deployment", pod + "activeDeadlineSeconds", 5, "spec.template.spec.activeDeadlineSeconds: Forbidden"},
		{"StatefulSet", "spec.replicas", -1, "spec.replicas"},
		{"StatefulSet", "spec.volumeClaimTemplates", nil, `spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"`},
		{"DaemonSet", "spec.selector.matchLabels", m{"app": "x"}, "selector does not match template labels"},
		{"Job", pod + "restartPolicy", "Always", "spec.template.spec.restartPolicy: Unsupported value"},
		{"Job", "spec.backoffLimit", -1, "spec.backoffLimit"},
		{"Job", "spec.completions", -1, "spec.completions"},
		{"Job", "spec.parallelism", -1, "spec.parallelism"},
		{"Job", "spec.activeDeadlineSeconds", -1, "spec.activeDeadlineSeconds"},
		{"Job", "spec.ttlSecondsAfterFinished", -1, "spec.ttlSecondsAfterFinished"},
		{"CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy", nil, "spec.jobTemplate.spec.template.spec.restartPolicy: Unsupported value"},

		// Pods.
		{"Pod", "spec.containers", l{}, "spec.containers: Required value"},
		{"Deployment", pod + "terminationGracePeriodSeconds", -1, "spec.template.spec.terminationGracePeriodSeconds"},
		{"Deployment", pod + "terminationGracePeriodSeconds", 10, "preStop.sleep.seconds: Invalid value: 15"},
		{"Deployment", pod + "terminationGracePeriodSeconds", nil, ""},
		{"Deployment", pod + "serviceAccountName", "Models", "spec.template.spec.serviceAccountName"},
		{"Deployment", pod + "priorityClassName", "Gold", "spec.template.spec.priorityClassName"},
		{"Deployment", pod + "securityContext.fsGroup", -1, "spec.template.spec.securityContext.fsGroup"},
		{"Deployment", pod + "securityContext.runAsUser", -1, "spec.template.spec.securityContext.runAsUser"},
		{"Deployment", pod + "securityContext.runAsGroup", -1, "spec.template.spec.securityContext.runAsGroup"},
		{"Deployment", pod + "securityContext.seccompProfile", m{"type": "Localhost"}, "localhostProfile: Required"},
		{"Deployment", pod + "securityContext.seccompProfile", m{"type": "RuntimeDefault", "localhostProfile": "x"}, "localhostProfile: Forbidden"},
		{"Deployment", pod + "volumes[0].name", "Models", "spec.template.spec.volumes[0].name: Invalid"},
		{"Deployment", pod + "volumes[0].name", "model", `spec.template.spec.containers[0].volumeMounts[0].name: Not found: "models"`},
		{"Deployment", pod + "volumes[0]", m{"name": "models"}, "exactly one type of volume"},
		{"Deployment", pod + "volumes[0]", m{"name": "models", "emptyDir": m{}, "configMap": m{"name": "x"}}, "exactly one type of volume"},
		{"Deployment", pod + "volumes[0].emptyDir.sizeLimit", "-1Gi", "emptyDir.sizeLimit"},
		{"Deployment", pod + "volumes[0].emptyDir.sizeLimit", "20Gib", "quantities must match"},
		{"Deployment", pod + "volumes[0]", m{"name": "models", "persistentVolumeClaim": m{"claimName": ""}}, "claimName: Required"},
		{"Deployment", pod + "nodeSelector", m{"a": "b c"}, "spec.template.spec.nodeSelector"},
		{"Deployment", pod + "tolerations[0]", m{"operator": "Equal"}, "must be Exists when key is empty"},
		{"Deployment", pod + "tolerations[0].value", "x", "must be empty when operator is Exists"},
		{"Deployment", pod + "tolerations[0]", m{"key": "a b", "operator": "Exists"}, "tolerations[0].key"},
		{"Deployment", pod + "tolerations[0]", m{"key": "a", "value": "b c"}, "tolerations[0].value"},
		{"Deployment", pod + "tolerations[0].tolerationSeconds", 5, "must be NoExecute"},
		{"Deployment", pod + "topologySpreadConstraints[0].maxSkew", 0, "maxSkew"},
		{"Deployment", pod + "topologySpreadConstraints[0].topologyKey", "", "topologyKey"},
		{"Deployment", pod + "topologySpreadConstraints[0].minDomains", 2, "only beside whenUnsatisfiable DoNotSchedule"},
		{"Deployment", pod + "topologySpreadConstraints[0].labelSelector", nil, "labelSelector: Required"},
		{"Deployment", pod + "topologySpreadConstraints[0].labelSelector", m{"matchLabels": m{"a": "b c"}}, "labelSelector"},
		{"Deployment", pod + "affinity", m{"nodeAffinity": m{"requiredDuringSchedulingIgnoredDuringExecution": m{"nodeSelectorTerms": l{}}}}, "at least one node selector term"},
		{"Deployment", pod + "affinity", affinity(m{"key": "a", "operator": "In"}), "In and NotIn have values"},
		{"Deployment", pod + "affinity", affinity(m{"key": "a", "operator": "Exists", "values": l{"b"}}), "have no values"},
		{"Deployment", pod + "affinity", affinity(m{"key": "a", "operator": "Gt"}), "have one value"},
		{"Deployment", pod + "affinity", affinity(m{"key": "a b", "operator": "Exists"}), "matchExpressions[0].key"},
		{"Deployment", pod + "affinity", m{"nodeAffinity": m{"preferredDuringSchedulingIgnoredDuringExecution": l{m{"weight": 0, "preference": m{}}}}}, "weight"},
		{"Deployment", pod + "affinity", m{"nodeAffinity": m{"preferredDuringSchedulingIgnoredDuringExecution": l{
			m{"weight": 1, "preference": m{"matchExpressions": l{m{"key": "a", "operator": "In"}}}}}}}, "In and NotIn have values"},

		// Containers.
		{"Deployment", container + "name", "Server", "containers[0].name: Invalid value"},
		{"Deployment", container + "name", "fetch", "containers[0].name: Duplicate value"},
		{"Deployment", container + "image", " x", "containers[0].image"},
		{"Deployment", container + "image", nil, "containers[0].image"},
		{"Deployment", container + "ports[0].containerPort", 0, "containers[0].ports[0].containerPort"},
		{"Deployment", container + "ports[0].containerPort", 70000, "containers[0].ports[0].containerPort"},
		{"Deployment", container + "ports[0].hostPort", 70000, "containers[0].ports[0].hostPort"},
		{"Deployment", container + "ports[2].name", "a-name-of-sixteen", "containers[0].ports[2].name"},
		{"Deployment", container + "ports[1].name", "http", "containers[0].ports[1].name: Duplicate value"},
		{"Deployment", container + "env[0].name", "A-B=", "containers[0].env[0].name"},
		{"Deployment", container + "env[1].value", "x", "may not be specified when `value` is not empty"},
		{"Deployment", container + "env[1].valueFrom", m{}, "must have exactly one source"},
		{"Deployment", container + "envFrom[0]", m{}, "containers[0].envFrom[0]"},
		{"Deployment", container + "volumeMounts[0].name", "gone", `containers[0].volumeMounts[0].name: Not found: "gone"`},
		{"Deployment", container + "volumeMounts[0].mountPath", "", "volumeMounts[0].mountPath: Required"},
		{"Deployment", container + "volumeMounts[0].subPath", "../x", "relative path"},
		{"Deployment", container + "startupProbe.httpGet", nil, "startupProbe: Invalid value"},
		{"Deployment", container + "startupProbe.exec", m{"command": l{"x"}}, "startupProbe: Invalid value"},
		{"Deployment", container + "startupProbe.httpGet.port", "htpp", "startupProbe.httpGet.port"},
		{"Deployment", container + "startupProbe.successThreshold", 2, "startupProbe.successThreshold"},
		{"Deployment", container + "livenessProbe.httpGet.port", 0, "livenessProbe.httpGet.port"},
		{"Deployment", container + "livenessProbe.successThreshold", 2, "livenessProbe.successThreshold"},
		{"Deployment", container + "livenessProbe.timeoutSeconds", -1, "livenessProbe.timeoutSeconds"},
		{"Deployment", container + "readinessProbe", m{"tcpSocket": m{"port": "gprc"}}, "readinessProbe.tcpSocket.port"},
		{"Deployment", container + "readinessProbe", m{"grpc": m{"port": 0}}, "readinessProbe.grpc.port"},
		{"Deployment", container + "readinessProbe", m{"exec": m{}}, "readinessProbe.exec.command"},
		{"Deployment", container + "readinessProbe.successThreshold", 2, ""},
		{"Deployment", container + "lifecycle.preStop", m{}, "lifecycle.preStop"},
		{"Deployment", container + "lifecycle.postStart", m{}, "lifecycle.postStart"},
		{"Deployment", container + "lifecycle.preStop.sleep.seconds", 61, "preStop.sleep.seconds"},
		{"Deployment", container + "resources.requests.cpu", "3", "must be less than or equal to cpu limit of 2"},
		{"Deployment", container + "resources.requests.cpu", "-1", "greater than or equal to 0"},
		{"Deployment", container + "resources.requests.cpu", "two", "quantities must match"},
		{"Deployment", container + "resources.limits.gpu", "1", "must be a standard resource for containers"},
		{"Deployment", container + "resources.limits", m{"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "2"}, "must be equal to nvidia.com/gpu limit of 2"},
		{"Deployment", container + "resources.limits", m{"cpu": "2", "memory": "8Gi"}, "limit must be set for non overcommitable resources"},
		{"Deployment", container + "resources", m{"limits": m{"nvidia.com/gpu": "500m"}}, "must be an integer"},
		{"Deployment", container + "resources", m{"limits": m{"nvidia.com/": "1"}}, "resources.limits[nvidia.com/]"},
		{"Deployment", container + "securityContext.runAsUser", -1, "containers[0].securityContext.runAsUser"},
		{"Deployment", container + "securityContext.privileged", true, "`privileged` to true"},
		{"Deployment", container + "securityContext.capabilities.add", l{"SYS_ADMIN"}, "CAP_SYS_ADMIN"},
		{"Deployment", pod + "initContainers[0].volumeMounts[0].name", "gone", "initContainers[0].volumeMounts[0].name: Not found"},

		// Services, ConfigMaps, Secrets.
		{"Service", "spec.selector", m{"a": "b c"}, "spec.selector"},
		{"Service", "spec.trafficDistribution", "SameZone", "spec.trafficDistribution: Unsupported value"},
		{"Service", "spec.type", "ExternalName", "spec.externalName: Required"},
		{"Service", "spec.ports", l{}, "spec.ports: Required"},
		{"Service", "spec.ports[0].name", nil, "spec.ports[0].name: Required"},
		{"Service", "spec.ports[0].name", "HTTP", "spec.ports[0].name: Invalid"},
		{"Service", "spec.ports[1].name", "http", "spec.ports[1].name: Duplicate"},
		{"Service", "spec.ports[0].port", 0, "spec.ports[0].port"},
		{"Service", "spec.ports[0].targetPort", "Not-A-Port-Name", "spec.ports[0].targetPort"},
		{"Service", "spec.ports[0].targetPort", 70000, "spec.ports[0].targetPort"},
		{"Service", "spec.ports[0].targetPort", nil, ""},
		{"Service", "spec.ports[0].appProtocol", "a b", "spec.ports[0].appProtocol"},
		{"ConfigMap", "data", m{"a b": "x"}, "data[a b]"},
		{"ConfigMap", "data", m{"a": strings.Repeat("x", 1<<20+1)}, "may not be more than 1048576"},
		{"ConfigMap", "binaryData", m{"MAX_BATCH_SIZE": "aGVsbG8="}, "stands in data too"},
		{"Secret", "data", m{"../x": "aGVsbG8="}, "data[../x]"},
		{"Secret", "stringData", m{"a": strings.Repeat("x", 1<<20+1)}, "may not be more than 1048576"},

		// Quotas, limits, priorities.
		{"ResourceQuota", "spec.hard", m{"nvidia.com/gpu": "1"}, "only counted as requests.nvidia.com/gpu"},
		{"ResourceQuota", "spec.hard", m{"requests.nvidia.com/gpu": "500m"}, "must be an integer"},
		{"ResourceQuota", "spec.hard", m{"pods": "1500m"}, "must be an integer"},
		{"ResourceQuota", "spec.hard", m{"pods": "-1"}, "greater than or equal to 0"},
		{"ResourceQuota", "spec.hard", m{"gpus": "1"}, "must be a standard resource for quota"},
		{"ResourceQuota", "spec.hard", m{"a b/c": "1"}, "spec.hard[a b/c]"},
		{"LimitRange", "spec.limits[0].type", "Pods", "spec.limits[0].type: Unsupported"},
		{"LimitRange", "spec.limits[0].type", "Pod", "only containers have defaults"},
		{"LimitRange", "spec.limits", l{m{"type": "Pod"}, m{"type": "Pod"}}, "spec.limits[1].type: Duplicate"},
		{"LimitRange", "spec.limits[0].min.cpu", "2", "is more than default, 1"},
		{"LimitRange", "spec.limits[0].defaultRequest.memory", "2Gi", "is more than default, 1Gi"},
		{"LimitRange", "spec.limits[0].default.cpu", "33", "is more than max, 32"},
		{"LimitRange", "spec.limits[0].min.cpu", "-1", "greater than or equal to 0"},
		{"LimitRange", "spec.limits[0].min", m{"a b": "1"}, "spec.limits[0].min[a b]"},
		{"PriorityClass", "value", 1_000_000_001, "must be at most 1000000000"},

		// Autoscalers and disruption budgets.
		{"HorizontalPodAutoscaler", "spec.minReplicas", 0, "spec.minReplicas"},
		{"HorizontalPodAutoscaler", "spec.minReplicas", 11, "spec.maxReplicas"},
		{"HorizontalPodAutoscaler", "spec.scaleTargetRef.name", "", "spec.scaleTargetRef"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].type", "Resource", "spec.metrics[0].type"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods", nil, "exactly one source"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods.metric.name", "", "spec.metrics[0].pods.metric.name"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods.metric.selector", m{"matchLabels": m{"a": "b c"}}, "spec.metrics[0].pods.metric.selector"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods.target", m{"type": "Value", "value": "1"}, "target.type: Unsupported"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods.target.averageValue", "0", "must be positive"},
		{"HorizontalPodAutoscaler", "spec.metrics[0].pods.target.value", "1", "exactly one value"},
		{"HorizontalPodAutoscaler", "spec.metrics[1].resource.target", m{"type": "Utilization", "averageUtilization": 0}, "must be positive"},
		{"HorizontalPodAutoscaler", "spec.metrics[1].resource.target.type", "AverageValue", "must name the value that is set"},
		{"HorizontalPodAutoscaler", "spec.metrics[1]", m{"type": "External", "external": m{"metric": m{"name": ""}, "target": m{"type": "Value", "value": "1"}}}, "external.metric.name"},
		{"HorizontalPodAutoscaler", "spec.metrics[1]", m{"type": "Object", "object": m{
			"describedObject": m{"kind": "Service", "name": "x"}, "metric": m{"name": "x"}, "target": m{"type": "Utilization", "averageUtilization": 1}}}, "object.target.type: Unsupported"},
		{"HorizontalPodAutoscaler", "spec.metrics[1]", m{"type": "ContainerResource", "containerResource": m{
			"name": "cpu", "container": "x", "target": m{"type": "Value", "value": "1"}}}, "containerResource.target.type: Unsupported"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleUp.stabilizationWindowSeconds", 3601, "stabilizationWindowSeconds"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleUp.selectPolicy", "Most", "selectPolicy"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleUp", nil, ""},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleUp.policies", l{}, "at least one Policy"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleDown.policies[0].type", "Pod", "policies[0].type"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleDown.policies[0].value", 0, "policies[0].value"},
		{"HorizontalPodAutoscaler", "spec.behavior.scaleDown.policies[0].periodSeconds", 1801, "policies[0].periodSeconds"},
		{"PodDisruptionBudget", "spec.minAvailable", 1, "cannot be both set"},
		{"PodDisruptionBudget", "spec.maxUnavailable", "200%", "spec.maxUnavailable"},
		{"PodDisruptionBudget", "spec.maxUnavailable", -1, "spec.maxUnavailable"},
		{"VerticalPodAutoscaler", "spec.startupBoost", m{"cpu": m{"type": "Factor"}}, "spec.startupBoost: Forbidden"},
		{"VerticalPodAutoscaler", "spec.resourcePolicy.containerPolicies[0].startupBoost", m{"cpu": m{"type": "Factor"}}, "containerPolicies[0].startupBoost: Forbidden"},
		{"VerticalPodAutoscaler", "spec.resourcePolicy.containerPolicies[1].containerName", "server", "containerPolicies[1].containerName: Duplicate"},
		{"ScaledObject", "spec.minReplicaCount", 11, "spec.minReplicaCount"},
		{"ScaledObject", "spec.maxReplicaCount", nil, ""},
		{"ScaledObject", "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies[0].value", 0, "scaleUp.policies[0].value"},
		{"ScaledObject", "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds", 3601, "stabilizationWindowSeconds"},
		{"ScaledObject", "spec.triggers[1].name", "queue-depth", "spec.triggers[1].name: Duplicate"},
		{"ScaledObject", "spec.triggers[0].type", "prometheuz", "spec.triggers[0].type: Unsupported"},
		{"ScaledObject", "spec.triggers[0].metadata.serverAddress", nil, "spec.triggers[0].metadata.serverAddress: Required"},
		{"ScaledObject", "spec.triggers[2].metadata.timezone", nil, "spec.triggers[2].metadata.timezone: Required"},
		{"ScaledObject", "spec.triggers[1].metadata.value", nil, "spec.triggers[1].metadata.value: Required"},
		{"ScaledObject", "spec.triggers[1].metricType", "AverageValue", "spec.triggers[1].metricType"},
		{"ScaledObject", "spec.triggers[0].metricType", "Utilization", "spec.triggers[0].metricType"},
		{"ScaledObject", "spec.minReplicaCount", 0, ""},
		{"ScaledObject", "spec", m{"scaleTargetRef": m{"name": "x"}, "minReplicaCount": 0, "triggers": l{m{"type": "cpu", "metricType": "Utilization", "metadata": m{"value": "60"}}}}, "cannot scale to zero"},
		{"PodDisruptionBudget", "spec.selector", m{"matchLabels": m{"a": "b c"}}, "spec.selector"},

		// Network policies; the first sample denies everything, and takes additions.
		{"NetworkPolicy", "spec.podSelector", m{"matchLabels": m{"a": "b c"}}, "spec.podSelector"},
		{"NetworkPolicy", "spec.ingress", l{m{"ports": l{m{"port": 70000}}}}, "spec.ingress[0].ports[0].port"},
		{"NetworkPolicy", "spec.ingress", l{m{"ports": l{m{"port": "Not A Name"}}}}, "spec.ingress[0].ports[0].port"},
		{"NetworkPolicy", "spec.ingress", l{m{"ports": l{m{"port": 2, "endPort": 1}}}}, "spec.ingress[0].ports[0].endPort"},
		{"NetworkPolicy", "spec.ingress", l{m{"ports": l{m{"port": "http", "endPort": 9}}}}, "spec.ingress[0].ports[0].endPort"},
		{"NetworkPolicy", "spec.ingress", l{m{"from": l{m{}}}}, "spec.ingress[0].from[0]: Required"},
		{"NetworkPolicy", "spec.egress", l{m{"ports": l{m{"port": 70000}}}}, "spec.egress[0].ports[0].port"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"podSelector": m{"matchLabels": m{"a": "b c"}}}}}}, "spec.egress[0].to[0].podSelector"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"namespaceSelector": m{"matchLabels": m{"a": "b c"}}}}}}, "spec.egress[0].to[0].namespaceSelector"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"podSelector": m{}, "ipBlock": m{"cidr": "10.0.0.0/8"}}}}}, "may not specify both"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"ipBlock": m{"cidr": "10.0.0.0/33"}}}}}, "must be a valid CIDR"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"ipBlock": m{"cidr": "10.0.0.1/8"}}}}}, "must begin at its first address, 10.0.0.0/8"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"ipBlock": m{"cidr": "10.0.0.0/8", "except": l{"11.0.0.0/16"}}}}}}, "strict subset"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"ipBlock": m{"cidr": "10.0.0.0/8", "except": l{"10.0.0.0"}}}}}}, "except[0]: Invalid value: \"10.0.0.0\": must be a valid CIDR"},
		{"NetworkPolicy", "spec.egress", l{m{"to": l{m{"ipBlock": m{"cidr": "10.0.0.0/8", "except": l{"10.0.0.0/8"}}}}}}, "strict subset"},

		// Roles and bindings.
		{"Role", "rules[0].verbs", l{}, "rules[0].verbs: Required"},
		{"Role", "rules[0].apiGroups", nil, "rules[0].apiGroups: Required"},
		{"Role", "rules[0].resources", nil, "rules[0].resources: Required"},
		{"Role", "rules[0]", m{"verbs": l{"get"}, "nonResourceURLs": l{"/x"}}, "cannot apply to non-resource URLs"},
		{"ClusterRole", "rules[1].resources", l{"pods"}, "both regular resources and non-resource URLs"},
		{"RoleBinding", "roleRef.apiGroup", "rbac", "roleRef.apiGroup: Unsupported"},
		{"RoleBinding", "roleRef.kind", "Roles", "roleRef.kind: Unsupported"},
		{"ClusterRoleBinding", "roleRef.kind", "Role", "roleRef.kind: Unsupported"},
		{"RoleBinding", "roleRef.name", "", "roleRef.name: Required"},
		{"RoleBinding", "roleRef.name", "a/b", "roleRef.name: Invalid"},
		{"RoleBinding", "subjects[0].name", "", "subjects[0].name: Required"},
		{"RoleBinding", "subjects[0].kind", "Team", "subjects[0].kind: Unsupported"},
		{"RoleBinding", "subjects[0].apiGroup", "x", "subjects[0].apiGroup: Unsupported"},
		{"RoleBinding", "subjects[1].namespace", nil, "subjects[1].namespace: Required"},
		{"RoleBinding", "subjects[1].name", "A B", "subjects[1].name: Invalid"},
	} {
		t.Run(tc.kind+" "+tc.path, func(t *testing.T) {
			obj := sample(t, tc.kind)
			put(t, obj, tc.path, tc.value)
			if errs := c.Check(obj); len(errs) != 0 {
				t.Fatalf("the schema refuses it already: %v", errs)
			}
			got := c.Rules(obj)
			if tc.want == "" {
				if len(got) != 0 {
					t.Errorf("refused: %v", got)
				}
				return
			}
			if !slices.ContainsFunc(got, func(err error) bool { return strings.Contains(err.Error(), tc.want) }) {
				t.Errorf("got %v\nwant %s", got, tc.want)
			}
		})
	}
}

func affinity(expression map[string]any) map[string]any {
	return map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
		"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{expression}}}}}}
}

// BenchmarkRules is one operation an object.
func BenchmarkRules(b *testing.B) {
	c := newChecker(b)
	objects := samples(b)
	for i := 0; b.Loop(); i++ {
		c.Rules(objects[i%len(objects)])
	}
}
