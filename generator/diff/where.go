package diff

import "strings"

// where is what a path of the tree says about the objects in the file.
type where struct {
	tenant, cluster string
	component       Component
}

// whereIs tells for which tenant, cluster and component the file holds objects
// in their final form. It reports false for Kustomize sources.
func whereIs(path string) (where, bool) {
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "argocd":
		if key, ok := withoutShard(path); ok {
			tenant, _, _ := strings.Cut(key, "/")
			return where{tenant: tenant, component: ArgoCD}, true
		}
		return where{component: ArgoCD}, true
	case parts[0] != "manifests" || len(parts) < 4:
	case parts[2] == string(Platform):
		return where{cluster: parts[1], component: Platform}, true
	case len(parts) == 5:
		return where{tenant: parts[2], cluster: parts[1], component: Component(parts[3])}, true
	}
	return where{}, false
}

// withoutShard is the part below the shard of a tenant's file in argocd/:
// "acme/project.yaml" of argocd/tenants/00/acme/project.yaml.
func withoutShard(path string) (string, bool) {
	below, ok := strings.CutPrefix(path, "argocd/tenants/")
	if !ok {
		return "", false
	}
	_, key, ok := strings.Cut(below, "/")
	return key, ok && strings.Contains(key, "/")
}

func (w where) put(o *Object, file string) {
	o.Tenant, o.Cluster, o.Component, o.File = w.tenant, w.cluster, w.component, file
}
