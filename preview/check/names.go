package check

import (
	"fmt"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// names looks for objects of one kind, namespace and name: the second would undo the
// first, and then the first the second. It also has AppProject's own validation run
// over the projects.
func names(t *argotree.Tree, apps []expand.Application) []finding.Finding {
	var found []finding.Finding
	first := map[string]string{} // file, by kind, namespace and name
	clash := func(kind, namespace, name, file string) string {
		key := kind + " " + namespace + "/" + name
		if other, ok := first[key]; ok {
			return fmt.Sprintf("%s %s in namespace %s is here a second time; the first is in %s", kind, name, namespace, other)
		}
		first[key] = file
		return ""
	}
	const fix = "give one of them another name"
	for _, p := range t.Projects {
		if message := clash("AppProject", p.Namespace, p.Name, p.File); message != "" {
			found = append(found, p.Find(finding.NameClash, message, fix))
		}
	}
	for _, s := range t.Sets {
		if message := clash("ApplicationSet", s.Namespace, s.Name, s.File); message != "" {
			found = append(found, s.Find(finding.NameClash, message, fix))
		}
	}
	for _, a := range apps {
		from := a.File()
		if a.Set != nil {
			from = "ApplicationSet " + a.Set.Name + ", " + from
		}
		if message := clash("Application", a.Namespace, a.Name, from); message != "" {
			found = append(found, a.Find(finding.NameClash, message, fix))
		}
	}
	return found
}

// projects has Argo CD validate its projects.
func projects(t *argotree.Tree) []finding.Finding {
	var found []finding.Finding
	for _, p := range t.Projects {
		found = append(found, metadata(p.Document, &p.ObjectMeta)...)
		if err := p.ValidateProject(); err != nil {
			found = append(found, p.Find(finding.BadProject, fmt.Sprintf("Argo CD refuses AppProject %s: %v", p.Name, err), "mend the project"))
		}
	}
	return found
}

// invalid checks an object's name, labels and annotations as the API server does.
func invalid(meta *metav1.ObjectMeta) field.ErrorList {
	return apivalidation.ValidateObjectMeta(meta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

// made checks the metadata of an Application.
func made(app expand.Application) []finding.Finding {
	var found []finding.Finding
	for _, err := range invalid(&app.ObjectMeta) {
		found = append(found, app.Find(finding.BadMetadata, "the API server refuses it: "+err.Error(), "mend the template or its values"))
	}
	return found
}

// metadata checks that of an object which stands in a document.
func metadata(d argotree.Document, meta *metav1.ObjectMeta) []finding.Finding {
	var found []finding.Finding
	for _, err := range invalid(meta) {
		found = append(found, d.At(d.Find(finding.BadMetadata, "the API server refuses it: "+err.Error(), "run 'mlfleet generate'"), err.Field))
	}
	return found
}

// steps wants every Application of a RollingSync in exactly one step.
func steps(app expand.Application) []finding.Finding {
	switch {
	case app.Steps() == 0 || len(app.Matched) == 1:
		return nil
	case len(app.Matched) == 0:
		return []finding.Finding{app.Find(finding.NoStep,
			fmt.Sprintf("no step of the RollingSync of %s matches its labels, so it never syncs", app.SetName()),
			"let a step match it")}
	}
	return []finding.Finding{app.Find(finding.SeveralSteps,
		fmt.Sprintf("steps %v of the RollingSync of %s match its labels, and Argo CD takes the first", app.Matched, app.SetName()),
		"let one step match it")}
}
