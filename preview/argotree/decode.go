package argotree

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// add decodes a document into the list of its kind.
func (t *Tree) add(d Document) {
	data, err := yaml.YAMLToJSONStrict(d.data)
	if err != nil {
		t.Findings = append(t.Findings, notYAML(d, err))
		return
	}
	if line := d.lost(); line > 0 {
		f := d.Find(finding.Malformed, "Argo CD reads no further than here in this document", "begin what follows with a line ---")
		f.Line = line
		t.Findings = append(t.Findings, f)
	}
	if what, ok := noObject[data[0]]; ok {
		t.Findings = append(t.Findings, d.Find(finding.Malformed, "this is no object, but "+what, "remove it"))
		return
	}
	var meta metav1.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &meta); err != nil {
		t.Findings = append(t.Findings, d.Find(finding.Malformed, "this is no object: "+err.Error(), "remove it"))
		return
	}
	group := v1alpha1.SchemeGroupVersion.String()
	switch {
	case meta.APIVersion == group && meta.Kind == "AppProject":
		p := Project{d, &v1alpha1.AppProject{}}
		if t.decode(d, data, p.AppProject) {
			t.Projects = append(t.Projects, p)
		}
	case meta.APIVersion == group && meta.Kind == "ApplicationSet":
		s := Set{d, &v1alpha1.ApplicationSet{}}
		if t.decode(d, data, s.ApplicationSet) {
			t.Sets = append(t.Sets, s)
			t.Findings = append(t.Findings, s.nested()...)
		}
	case meta.APIVersion == group && meta.Kind == "Application":
		a := Application{d, &v1alpha1.Application{}}
		if t.decode(d, data, a.Application) {
			t.Applications = append(t.Applications, a)
		}
	default:
		t.Findings = append(t.Findings, d.At(d.Find(finding.ForeignKind,
			described(meta)+" is no object of Argo CD's",
			"use AppProject, ApplicationSet or Application of "+group), "kind"))
	}
}

// noObject is what JSON may be by its first byte, where it is no object.
var noObject = map[byte]string{'[': "a list", '"': "text", 'n': "null", 't': "a boolean", 'f': "a boolean"}

func described(meta metav1.TypeMeta) string {
	what := cmp.Or(meta.Kind, "an object without kind")
	if meta.APIVersion == "" {
		return what
	}
	return fmt.Sprintf("%s of %q", what, meta.APIVersion)
}

// decode fills in object, and tells whether it could. Unknown and duplicate fields are
// findings, but the object is used: what else is wrong with it should be said, too.
func (t *Tree) decode(d Document, data []byte, object any) bool {
	strict, err := kjson.UnmarshalStrict(data, object)
	if err != nil {
		f := d.Find(finding.Malformed, err.Error(), "give it the type that Argo CD's CRD names")
		t.Findings = append(t.Findings, d.At(f, fieldIn(err.Error())))
		return false
	}
	for _, s := range strict {
		f := d.Find(finding.UnknownField, s.Error(), "Argo CD's API server refuses it: remove it")
		if field, ok := errors.AsType[kjson.FieldError](s); ok {
			f = d.At(f, field.FieldPath())
		}
		t.Findings = append(t.Findings, f)
	}
	return true
}

var goField = regexp.MustCompile(`Go struct field \S+?\.(\S+) of type`)

// fieldIn is the path in an error of encoding/json, such as "json: cannot unmarshal
// string into Go struct field ApplicationSet.spec.goTemplate of type bool".
func fieldIn(message string) string {
	if m := goField.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

var yamlLine = regexp.MustCompile(`\bline (\d+): `)

// notYAML is the finding of an error such as "yaml: line 3: mapping values are not
// allowed in this context", or of several, of which the first says where.
func notYAML(d Document, err error) finding.Finding {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	f := d.Find(finding.Malformed, message, "mend the YAML")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ := strconv.Atoi(m[1])
		f.Line, f.Column = d.Line+line-1, 1
		f.Message = strings.Join(strings.Fields(yamlLine.ReplaceAllString(message, "")), " ")
	}
	return f
}
