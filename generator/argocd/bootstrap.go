package argocd

import "github.com/mlfleet/mlfleet/generator/fleet"

const fileBootstrap = "bootstrap.yaml"

// Bootstrap is what a person applies once, by hand, and what brings in everything else:
// the roots' project, the platform's root, and a root for every shard of tenants, empty
// or not. It names no tenant, so no new tenant changes it.
func Bootstrap(f *fleet.Fleet) []Object {
	objects := []Object{
		{fileBootstrap, rootsProject(f)},
		{fileBootstrap, root(f, "platform", "platform")},
	}
	for i := range shards(f) {
		shard := shardName(f, i)
		objects = append(objects, Object{fileBootstrap, root(f, "tenants-"+shard, "tenants/"+shard)})
	}
	return objects
}

// rootsProject lets the roots write Argo CD's own kinds, into its own namespace, on its
// own cluster. Whoever may write those may do anything, so nothing else is in it.
// Applications are listed to be seen below the sets that make them.
func rootsProject(f *fleet.Fleet) *AppProject {
	hub := f.Spec.ArgoCD.Hub
	return appProject(f, metadata(f, projectRoots, nil), AppProjectSpec{
		Description:  "The roots of the fleet: its AppProjects and ApplicationSets.",
		Destinations: []Destination{{Server: hub.Server, Namespace: f.Spec.ArgoCD.Namespace}},
		NamespaceResourceWhitelist: []GroupKind{
			{"argoproj.io", "AppProject"},
			{"argoproj.io", "Application"},
			{"argoproj.io", "ApplicationSet"},
		},
	})
}

// root syncs one folder below golden/argocd. It reads the folder through a pattern
// from golden/argocd, which always exists: a shard without tenants has no folder in
// Git, and a root on a missing path would fail. There is no FailOnSharedResource
// here: with another number of shards, a tenant's objects go from one root to another.
func root(f *fleet.Fleet, id, folder string) *Application {
	meta := metadata(f, name("mlfleet", "root", id), nil)
	meta.Labels[LabelComponent] = "root"
	// From the top of the repository: only this folder concerns this root.
	meta.Annotations = map[string]string{annotationGeneratePaths: "/" + join(f, "argocd", folder)}
	return &Application{
		TypeMeta: typeMeta("Application"),
		Metadata: meta,
		Spec: ApplicationSpec{
			Project: projectRoots,
			Source: Source{
				RepoURL:        f.Spec.Repository.URL,
				TargetRevision: f.Spec.Repository.Revision,
				Path:           join(f, "argocd"),
				Directory:      &Directory{Recurse: true, Include: folder + "/**"},
			},
			Destination: Destination{Name: f.Spec.ArgoCD.Hub.Name, Namespace: f.Spec.ArgoCD.Namespace},
			SyncPolicy: SyncPolicy{
				Automated:   Automated{SelfHeal: true}, // and no prune: see the package's documentation
				Retry:       forever(),
				SyncOptions: syncOptions(),
			},
			RevisionHistoryLimit: 3,
		},
	}
}
