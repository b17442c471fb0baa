package overlay

import (
	"maps"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// rules is what Kustomize knows about the lists below a value: which of them it
// merges item by item. The source is the OpenAPI document that its kyaml embeds
// (x-kubernetes-patch-strategy, -patch-merge-key, -list-map-keys); a test compares
// the two for every kind named here.
type rules struct {
	keys   []string // of a list that is merged, what identifies its items
	merged bool     // the list is merged (without keys: as a set of plain values)
	// unknown is set for kinds that Kustomize may know and we do not: none of their
	// lists is left to its merge.
	unknown bool
	fields  map[string]*rules // of a map, or of the items of a list
}

func (r *rules) field(key string) *rules {
	if r == nil || r.unknown {
		return r
	}
	return r.fields[key]
}

func mergedBy(keys ...string) *rules { return &rules{merged: true, keys: keys} }

func (r *rules) with(fields map[string]*rules) *rules {
	r.fields = fields
	return r
}

var (
	replaced = &rules{} // no list below is merged

	metadataRules = in(map[string]*rules{
		"finalizers":      mergedBy(),
		"ownerReferences": mergedBy("uid"),
	})
	containers = mergedBy("name").with(map[string]*rules{
		"env":           mergedBy("name"),
		"ports":         mergedBy("containerPort", "protocol"),
		"volumeDevices": mergedBy("devicePath"),
		"volumeMounts":  mergedBy("mountPath"),
	})
	podTemplateRules = in(map[string]*rules{
		"metadata": metadataRules,
		"spec": in(map[string]*rules{
			"containers":     containers,
			"initContainers": containers,
			"ephemeralContainers": mergedBy("name").with(map[string]*rules{
				"env":           mergedBy("name"),
				"volumeDevices": mergedBy("devicePath"),
				"volumeMounts":  mergedBy("mountPath"),
			}),
			"hostAliases":               mergedBy("ip"),
			"imagePullSecrets":          mergedBy("name"),
			"topologySpreadConstraints": mergedBy("topologyKey", "whenUnsatisfiable"),
			"volumes": mergedBy("name").with(map[string]*rules{
				"ephemeral": in(map[string]*rules{"volumeClaimTemplate": in(map[string]*rules{"metadata": metadataRules})}),
			}),
		}),
	})
	plainRules = kind(nil)

	kindRules = map[[2]string]*rules{
		{"", "Namespace"}:             plainRules,
		{"", "ConfigMap"}:             plainRules,
		{"", "Secret"}:                plainRules,
		{"", "ResourceQuota"}:         plainRules,
		{"", "LimitRange"}:            plainRules,
		{"", "PersistentVolumeClaim"}: plainRules,
		{"", "ServiceAccount"}:        kind(map[string]*rules{"secrets": mergedBy("name")}),
		{"", "Service"}:               kind(map[string]*rules{"spec": in(map[string]*rules{"ports": mergedBy("port", "protocol")})}),
		{"apps", "Deployment"}:        kind(map[string]*rules{"spec": in(map[string]*rules{"template": podTemplateRules})}),
		{"batch", "Job"}:              kind(map[string]*rules{"spec": in(map[string]*rules{"template": podTemplateRules})}),
		{"batch", "CronJob"}: kind(map[string]*rules{"spec": in(map[string]*rules{"jobTemplate": in(map[string]*rules{
			"metadata": metadataRules, "spec": in(map[string]*rules{"template": podTemplateRules}),
		})})}),
		{"rbac.authorization.k8s.io", "Role"}:               plainRules,
		{"rbac.authorization.k8s.io", "RoleBinding"}:        plainRules,
		{"rbac.authorization.k8s.io", "ClusterRole"}:        plainRules,
		{"rbac.authorization.k8s.io", "ClusterRoleBinding"}: plainRules,
		{"networking.k8s.io", "NetworkPolicy"}:              plainRules,
		{"scheduling.k8s.io", "PriorityClass"}:              plainRules,
		{"storage.k8s.io", "StorageClass"}:                  plainRules,
		{"policy", "PodDisruptionBudget"}:                   plainRules,
		// Kustomize's document (Kubernetes 1.21) is older than autoscaling/v2.
		{"autoscaling", "HorizontalPodAutoscaler"}: replaced,
	}
	unknownRules = &rules{unknown: true}
)

func in(fields map[string]*rules) *rules { return &rules{fields: fields} }

// kind is the rules of a built-in kind: its own, and those of metadata.
func kind(fields map[string]*rules) *rules {
	all := map[string]*rules{"metadata": metadataRules}
	maps.Copy(all, fields)
	return &rules{fields: all}
}

// rulesFor is how Kustomize merges o. It knows nothing of custom resources and
// replaces all of their lists; a group without a dot, or of Kubernetes itself, may
// be one that it knows.
func rulesFor(o manifest.Object) *rules {
	group, _ := groupVersion(o.APIVersion)
	if r, ok := kindRules[[2]string{group, o.Kind}]; ok {
		return r
	}
	if !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") {
		return unknownRules
	}
	return replaced
}
