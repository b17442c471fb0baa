package schemacheck

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	verrors "k8s.io/kube-openapi/pkg/validation/errors"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	validator "k8s.io/kube-openapi/pkg/validation/validate"
)

// validate runs the validator that an API server runs for custom resources, and
// then the check of list keys, which that validator leaves to its caller too.
func validate(schema *spec.Schema, obj map[string]any) []*Error {
	result := validator.NewSchemaValidator(schema, nil, "", strfmt.Default).Validate(obj)
	var found []*Error
	for _, err := range result.Errors {
		found = append(found, readable(err)...)
	}
	found = append(found, duplicates(schema, obj, "")...)
	found = withoutEchoes(found)
	// The validator walks maps, in Go's random order, and sees some things twice.
	slices.SortFunc(found, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(found, func(a, b *Error) bool { return *a == *b })
}

// readable turns the validator's error into path and detail.
func readable(err error) []*Error {
	if composite, ok := errors.AsType[*verrors.CompositeError](err); ok {
		var all []*Error
		for _, inner := range composite.Errors {
			all = append(all, readable(inner)...)
		}
		return all
	}
	one, ok := errors.AsType[*verrors.Validation](err)
	if !ok {
		return []*Error{placed(err.Error())}
	}
	path := strings.TrimPrefix(one.Name, ".")
	switch one.Code() {
	case verrors.UnallowedPropertyCode:
		return []*Error{{Path: strings.TrimPrefix(path+"."+fmt.Sprint(one.Value), "."), Detail: "unknown field"}}
	case verrors.RequiredFailCode:
		return []*Error{{Path: path, Detail: "required field is missing"}}
	}
	detail := strings.TrimPrefix(err.Error(), one.Name)
	return []*Error{{Path: path, Detail: strings.TrimSpace(strings.Replace(detail, " in body ", " ", 1))}}
}

// placed finds the path in the two kinds of error that the validator writes as mere text:
//
//	"spec.a" must validate all the schemas (allOf). None validated
//	Checked value must be of type integer with format int32 in spec.a
func placed(text string) *Error {
	if rest, ok := strings.CutPrefix(text, `"`); ok {
		if path, detail, ok := strings.Cut(rest, `" `); ok {
			return &Error{Path: path, Detail: detail}
		}
	}
	if at := strings.LastIndex(text, " in "); at > 0 {
		return &Error{Path: text[at+len(" in "):], Detail: text[:at]}
	}
	return &Error{Detail: text}
}

// withoutEchoes drops "must validate all the schemas" where the reason stands beside it.
func withoutEchoes(found []*Error) []*Error {
	reasons := map[string]int{}
	for _, e := range found {
		reasons[e.Path]++
	}
	return slices.DeleteFunc(found, func(e *Error) bool {
		return strings.Contains(e.Detail, "the schemas (allOf)") && reasons[e.Path] > 1
	})
}
