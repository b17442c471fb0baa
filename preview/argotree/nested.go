package argotree

import (
	"errors"
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kjson "sigs.k8s.io/json"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// nested looks into the generators that are nested in others. CRDs have no recursive
// types, so that Argo CD's has bare JSON there, which the API server takes as it is and
// Argo CD decodes later, without a word on fields that it does not know.
func (s Set) nested() []finding.Finding {
	var found []finding.Finding
	for i, g := range s.Spec.Generators {
		at := fmt.Sprintf("spec.generators[%d]", i)
		if g.Matrix != nil {
			found = append(found, s.below(at+".matrix", g.Matrix.Generators)...)
		}
		if g.Merge != nil {
			found = append(found, s.below(at+".merge", g.Merge.Generators)...)
		}
	}
	return found
}

func (s Set) below(at string, all []v1alpha1.ApplicationSetNestedGenerator) []finding.Finding {
	var found []finding.Finding
	for i, g := range all {
		at := fmt.Sprintf("%s.generators[%d]", at, i)
		found = append(found, s.strictly(at+".matrix", g.Matrix, &v1alpha1.NestedMatrixGenerator{})...)
		found = append(found, s.strictly(at+".merge", g.Merge, &v1alpha1.NestedMergeGenerator{})...)
	}
	return found
}

// strictly decodes the bare JSON at a path. What is no such generator at all, Argo CD's
// engine says itself.
func (s Set) strictly(at string, data *apiextensionsv1.JSON, object any) []finding.Finding {
	if data == nil {
		return nil
	}
	strict, err := kjson.UnmarshalStrict(data.Raw, object)
	if err != nil {
		return nil
	}
	var found []finding.Finding
	for _, e := range strict {
		f := s.Find(finding.UnknownField, e.Error(), "Argo CD passes over it: remove it")
		if field, ok := errors.AsType[kjson.FieldError](e); ok {
			field.SetFieldPath(at + "." + field.FieldPath())
			f.Message = e.Error()
			f = s.At(f, field.FieldPath())
		}
		found = append(found, f)
	}
	return found
}
