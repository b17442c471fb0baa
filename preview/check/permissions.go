package check

import (
	"context"
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/hub"
	"github.com/mlfleet/mlfleet/preview/render"
)

// permissions asks projects what they permit.
type permissions struct {
	projects map[string]*v1alpha1.AppProject
	hub      *hub.Hub
}

func newPermissions(t *argotree.Tree, h *hub.Hub) permissions {
	p := permissions{map[string]*v1alpha1.AppProject{}, h}
	for _, project := range t.Projects {
		if p.projects[project.Name] == nil { // names reports the second
			p.projects[project.Name] = project.AppProject
		}
	}
	return p
}

// application checks an Application by itself. It gives the project, and the
// destination with both name and server; either is nil where there is none to ask about.
func (p permissions) application(ctx context.Context, app expand.Application) (*v1alpha1.AppProject, *v1alpha1.ApplicationDestination, []finding.Finding) {
	project := p.projects[app.Spec.Project]
	if project == nil {
		return nil, nil, []finding.Finding{app.Find(finding.NoProject,
			fmt.Sprintf("its AppProject %q does not exist", app.Spec.Project), "name a project of golden/argocd")}
	}
	var found []finding.Finding
	if !project.IsAppNamespacePermitted(app.Application, project.Namespace) {
		found = append(found, app.Find(finding.NoProject,
			fmt.Sprintf("AppProject %s in namespace %s is not for Applications in namespace %s", project.Name, project.Namespace, app.Namespace),
			"put it into "+project.Namespace))
	}
	for _, source := range sources(&app.Spec) {
		if !project.IsSourcePermitted(source) {
			found = append(found, app.Find(finding.SourceNotPermitted,
				fmt.Sprintf("AppProject %s does not permit repository %s", project.Name, source.RepoURL), "add it to the project's sourceRepos"))
		}
	}
	place := app.Spec.Destination.DeepCopy()
	if err := p.hub.Resolve(ctx, place); err != nil {
		return project, nil, append(found, app.Find(finding.UnknownCluster,
			"no cluster for it: "+err.Error(), "name a cluster of regions/*.yaml, under its argocd.name"))
	}
	// The scoped clusters of our hub cannot fail.
	if ok, _ := project.IsDestinationPermitted(*place, p.hub.Scoped); !ok {
		found = append(found, app.Find(finding.DestinationForbidden,
			fmt.Sprintf("AppProject %s does not permit namespace %q of cluster %s (%s)", project.Name, place.Namespace, place.Name, place.Server),
			"add it to the project's destinations"))
	}
	return project, place, found
}

// sources are those that Argo CD asks the project about (argo.ValidatePermissions).
func sources(spec *v1alpha1.ApplicationSpec) v1alpha1.ApplicationSources {
	if spec.SourceHydrator != nil {
		return v1alpha1.ApplicationSources{spec.SourceHydrator.GetDrySource()}
	}
	return spec.GetSources()
}

// objects checks what an Application's path builds to, as the application controller
// does before it syncs: the kind first, and then the namespace of what has one. One
// finding a kind, or a namespace, is enough.
func (p permissions) objects(app expand.Application, project *v1alpha1.AppProject, place *v1alpha1.ApplicationDestination, objects []render.Object) []finding.Finding {
	var found []finding.Finding
	said := map[string]bool{}
	say := func(kind finding.Kind, about, message, fix string) {
		if !said[about] {
			said[about] = true
			found = append(found, app.Find(kind, message, fix))
		}
	}
	for _, o := range objects {
		if !project.IsGroupKindPermitted(o.GroupKind(), o.Namespaced) {
			say(finding.KindNotPermitted, o.GroupKind().String(),
				fmt.Sprintf("AppProject %s does not permit %s, the kind of %s", project.Name, o.GroupKind(), o.Name),
				"add it to the project's "+whitelist(o))
			continue
		}
		if !o.Namespaced {
			continue
		}
		in := *place
		if o.Namespace != "" {
			in.Namespace = o.Namespace // and otherwise Argo CD fills in the destination's
		}
		if ok, _ := project.IsDestinationPermitted(in, p.hub.Scoped); !ok && in.Namespace != place.Namespace {
			say(finding.NamespaceForbidden, "namespace "+in.Namespace,
				fmt.Sprintf("AppProject %s does not permit namespace %q of cluster %s, which %s %s is in", project.Name, in.Namespace, place.Name, o.Kind, o.Name),
				"add it to the project's destinations, or move the object")
		}
	}
	return found
}

func whitelist(o render.Object) string {
	if o.Namespaced {
		return "namespaceResourceWhitelist"
	}
	return "clusterResourceWhitelist"
}
