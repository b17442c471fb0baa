package mutations

import "strings"

// Mutation is a deliberate break of one guardrail.
type Mutation struct {
	Name    string
	File    string // in the root of the repository
	Old     string // a part of the file that is there once
	New     string // what stands there instead
	Case    string // the test that must turn red
	Says    string // what it must say
	Regions string // that the case needs; us-west alone where it is empty
}

// Standing says whether its case only asks questions of a fleet that stands, so that others
// can be asked about in the same world (package cases, TestMutants).
func (m Mutation) Standing() bool {
	return strings.HasPrefix(m.Case, "TestTenancy/") || m.Case == "TestNetwork"
}

// Leaves says whether what the mutation lets through stays, and others would find it.
func (m Mutation) Leaves() bool { return m.Case == "TestTenancy/projects" }

// All are the mutations, a guardrail each.
func All() []Mutation {
	return []Mutation{
		{
			Name: "Pod Security is only warned about",
			File: "generator/workload/guardrails/namespace.go",
			Old:  `"enforce":         podSecurityProfile`,
			New:  `"enforce":         "privileged"`,
			Case: "TestTenancy/pods",
			Says: `pod with root: it was let in`,
		},
		{
			Name: "owners read secrets",
			File: "generator/workload/guardrails/role.go",
			Old:  `"configmaps", "events",`,
			New:  `"configmaps", "secrets", "events",`,
			Case: "TestTenancy/access",
			Says: `may somebody of acme-ml get secrets`,
		},
		{
			Name: "everybody is an owner",
			File: "generator/workload/guardrails/rolebinding.go",
			Old:  `Name: owner.Group}`,
			New:  `Name: owner.Group[:0] + "system:authenticated"}`,
			Case: "TestTenancy/access",
			Says: `in namespace "tenant-acme"? true`,
		},
		{
			Name: "the grant does not bound GPUs",
			File: "generator/workload/guardrails/resourcequota_grant.go",
			Old:  `count(grant.GPUs)`,
			New:  `count(1000)`,
			Case: "TestTenancy/quota",
			Says: `asking for one GPU more than the grant: it was let in`,
		},
		{
			Name: "every tenant may take gold's priority",
			File: "generator/workload/guardrails/resourcequota_priority.go",
			Old:  `[]string{fleet.PriorityClass(p.Tenant.Spec.Tier)}`,
			New:  `[]string{fleet.PriorityClass(p.Tenant.Spec.Tier), "mlfleet-gold"}`,
			Case: "TestTenancy/quota",
			Says: `pod with another tier's priority: it was let in`,
		},
		{
			Name: "memory need not be reserved",
			File: "generator/workload/guardrails/limitrange.go",
			Old:  `MaxLimitRequestRatio: cpuAndMemory(resource.MustParse("1"), resource.MustParse("1"))`,
			New:  `MaxLimitRequestRatio: cpuAndMemory(resource.MustParse("1"), resource.MustParse("1000"))`,
			Case: "TestTenancy/quota",
			Says: `pod with more memory than it reserves: it was let in`,
		},
		{
			Name: "affinity may look into all namespaces",
			File: "generator/workload/guardrails/resourcequota_affinity.go",
			Old:  `corev1.ResourceQuotaScopeCrossNamespacePodAffinity`,
			New:  `corev1.ResourceQuotaScopeTerminating`,
			Case: "TestTenancy/quota",
			Says: `pod with affinity to all namespaces: it was let in`,
		},
		{
			Name: "any image runs",
			File: "generator/workload/admission/imagedigests.go",
			Old:  "const byDigest = `'@sha256:[0-9a-f]{64}$'`",
			New:  "const byDigest = `'.*'`",
			Case: "TestTenancy/policies",
			Says: `Deployment with a tag without a digest: it was let in`,
		},
		{
			Name: "servers need no probes",
			File: "generator/workload/admission/probes.go",
			Old:  `!has(c.startupProbe) || !has(c.readinessProbe) || !has(c.livenessProbe)`,
			New:  `false`,
			Case: "TestTenancy/policies",
			Says: `Deployment with no startup probe: it was let in`,
		},
		{
			Name: "containers need not request memory",
			File: "generator/workload/admission/resourcerequests.go",
			Old:  `!('memory' in c.resources.requests)`,
			New:  `false`,
			Case: "TestTenancy/policies",
			Says: `Deployment with no memory request: it was let in`,
		},
		{
			Name: "pods may be in the node's network",
			File: "generator/workload/admission/nohostaccess.go",
			Old:  `!(has(variables.pod.hostNetwork) && variables.pod.hostNetwork)`,
			New:  `true`,
			Case: "TestTenancy/policies",
			Says: `Deployment with the node's network: it was let in`,
		},
		{
			Name: "the policies only warn",
			File: "generator/workload/admission/policy.go",
			Old:  `{admissionv1.Deny, admissionv1.Audit}`,
			New:  `{admissionv1.Warn, admissionv1.Audit}`,
			Case: "TestTenancy/policies",
			Says: `Deployment with a privileged container: it was let in`,
		},
		{
			Name: "a project reaches all namespaces",
			File: "generator/argocd/tenant.go",
			Old:  `destinations(clusters(t), t.Namespace())`,
			New:  `destinations(clusters(t), "*")`,
			Case: "TestTenancy/projects",
			Says: `.neighbour-namespace: Argo CD synced it`,
		},
		{
			Name: "a project may bind roles",
			File: "generator/argocd/tenant.go",
			Old:  `{"", "ConfigMap"},`,
			New:  `{"", "ConfigMap"}, {"rbac.authorization.k8s.io", "RoleBinding"},`,
			Case: "TestTenancy/projects",
			Says: `.access: Argo CD synced it`,
		},
		{
			Name: "a project reaches beyond namespaces",
			File: "generator/argocd/tenant.go",
			Old:  `NamespaceResourceWhitelist: []GroupKind{`,
			New:  `ClusterResourceWhitelist: []GroupKind{{"*", "*"}}, NamespaceResourceWhitelist: []GroupKind{`,
			Case: "TestTenancy/projects",
			Says: `.clusterwide: Argo CD synced it`,
		},
		{
			Name: "a project takes any repository",
			File: "generator/argocd/appproject.go",
			Old:  `[]string{f.Spec.Repository.URL}`,
			New:  `[]string{"*"}`,
			Case: "TestTenancy/projects",
			Says: `.other-repository: it failed, but not by`,
		},
		{
			Name: "the gateway's policy opens every model",
			File: "generator/workload/guardrails/networkpolicy_gateway.go",
			Old:  `map[string]string{object.LabelExposed: "true"}`,
			New:  `map[string]string{object.LabelTenant: p.Tenant.Name}`,
			Case: "TestNetwork",
			Says: `port 8000/TCP allowed: true, want false`,
		},
		{
			Name: "models reach the internet",
			File: "generator/workload/guardrails/networkpolicy_objectstore.go",
			Old:  `p.Cluster.Spec.Endpoints.ObjectStore`,
			New:  `[]string{"0.0.0.0/0"}`,
			Case: "TestNetwork",
			Says: `to 8.8.8.8: port 443/TCP allowed: true, want false`,
		},
		{
			Name: "Prometheus may ask models for predictions",
			File: "generator/workload/guardrails/networkpolicy_prometheus.go",
			Old:  `peers, contract.PortMetrics)`,
			New:  `peers, contract.PortMetrics, contract.PortHTTP)`,
			Case: "TestNetwork",
			Says: `port 8000/TCP allowed: true, want false`,
		},
		{
			Name: "models get the node's credentials",
			File: "generator/workload/guardrails/networkpolicy_credentials.go",
			Old:  `= "169.254.170.23/32"`,
			New:  `= "169.254.0.0/16"`,
			Case: "TestNetwork",
			Says: `to 169.254.169.254: port 80/TCP allowed: true, want false`,
		},
		{
			Name: "any DNS server answers",
			File: "generator/workload/guardrails/networkpolicy_dns.go",
			Old:  `peers := []networkingv1.NetworkPolicyPeer{`,
			New:  `peers := []networkingv1.NetworkPolicyPeer{addresses("0.0.0.0/0")[0], `,
			Case: "TestNetwork",
			Says: `to 8.8.8.8: port 53/UDP allowed: true, want false`,
		},
		{
			Name: "models ask for any GPU",
			File: "generator/workload/serving/scheduling.go",
			Old:  `selector[object.LabelGPUClass] = g.Class`,
			New:  `_ = g.Class`,
			Case: "TestScheduling/min",
			Says: `is on a node of pool`,
		},
		{
			Name: "pods may start inside half a fence",
			File: "generator/workload/guardrails/serviceaccount.go",
			Old:  `object.GranteeModels, object.WaveModels)`,
			New:  `object.GranteeModels, object.WaveFence)`,
			Case: "TestGitOps/tenant",
			Says: `ServiceAccount/models was created at revision`,
		},
		{
			Name: "guardrails do not heal",
			File: "generator/argocd/applicationset.go",
			Old:  `SelfHeal: s.rollout.Strategy != fleet.RollingSync`,
			New:  `SelfHeal: false`,
			Case: "TestGitOps/drift",
			Says: `waiting for Argo CD to mend the quota`,
		},
		{
			Name: "an element that leaves takes its Application along",
			File: "generator/argocd/applicationset.go",
			Old:  `"create-update"`,
			New:  `"sync"`,
			Case: "TestGitOps/(tenant|removal)",
			Says: `Argo CD has deleted it`,
		},
		{
			Name: "a namespace goes unasked",
			File: "generator/workload/object/metadata.go",
			Old:  `"Prune=confirm,Delete=confirm"`,
			New:  `"Prune=true"`,
			Case: "TestGitOps/(tenant|removal)",
			Says: `waiting for Argo CD to ask whether harbor.guardrails`,
		},
		{
			Name:    "a rollout begins anywhere",
			File:    "generator/argocd/rollout.go",
			Old:     `len(regions) == 0 || slices.Contains(regions, r.CanaryRegion)`,
			New:     `len(regions) == 0`,
			Case:    "TestGitOps/model",
			Says:    `of the canary region ended at`,
			Regions: "us-west,eu-west",
		},
		{
			Name:    "after the canary region all go at once",
			File:    "generator/argocd/rollout.go",
			Old:     `maxUpdate(r),`,
			New:     `nil,`,
			Case:    "TestGitOps/model",
			Says:    `it was the turn of 2 of 2 Applications`,
			Regions: "us-west,us-east,eu-west",
		},
	}
}
