package expand

import (
	"errors"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	kjson "sigs.k8s.io/json"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// renderer is Argo CD's, and keeps what a templatePatch becomes for each Application.
type renderer struct {
	utils.Render
	patches []string
}

// Replace implements [utils.Renderer]. The engine asks it for nothing but the patch.
func (r *renderer) Replace(patch string, params map[string]any, goTemplate bool, options []string) (string, error) {
	out, err := r.Render.Replace(patch, params, goTemplate, options)
	if err == nil {
		r.patches = append(r.patches, out)
	}
	return out, err
}

// patched looks for fields in the rendered patches of a set that an Application does not
// have: Argo CD merges a patch and forgets them. Each is said once.
func patched(set *argotree.Set, patches []string) []finding.Finding {
	var found []finding.Finding
	said := map[string]bool{}
	for _, patch := range patches {
		data, err := utils.ConvertYAMLToJSON(patch)
		if err != nil {
			continue // the engine says it
		}
		strict, err := kjson.UnmarshalStrict([]byte(data), &v1alpha1.Application{})
		if err != nil {
			continue
		}
		for _, e := range strict {
			if said[e.Error()] || directive(e) {
				continue
			}
			said[e.Error()] = true
			found = append(found, set.At(set.Find(finding.UnknownField, "templatePatch has an "+e.Error(), "Argo CD passes over it: remove it"), "spec.templatePatch"))
		}
	}
	return found
}

// directive tells whether a field tells a strategic merge patch what to do ("$patch").
func directive(err error) bool {
	field, ok := errors.AsType[kjson.FieldError](err)
	return ok && slices.ContainsFunc(strings.Split(field.FieldPath(), "."), func(name string) bool { return strings.HasPrefix(name, "$") })
}
