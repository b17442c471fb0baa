package change

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/expand"
)

// Field is one value that differs. Old or New is nil where there is none.
type Field struct {
	// Path is that of the field in the Application, or "step", the RollingSync step that
	// it syncs in.
	Path string `json:"path"`
	Old  any    `json:"old,omitempty"`
	New  any    `json:"new,omitempty"`
}

// String is the field as people read it.
func (f Field) String() string { return f.Path + ": " + text(f.Old) + " → " + text(f.New) }

func text(value any) string {
	if value == nil {
		return "nothing"
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// fields are what the ApplicationSet controller would write otherwise: the
// specification, labels, annotations and finalizers; and the step.
func fields(old, new expand.Application) []Field {
	var out []Field
	differ(&out, "", written(old), written(new))
	if old.Step() != new.Step() {
		out = append(out, Field{"step", step(old), step(new)})
	}
	return out
}

// consequences are what the fields that change do not say: what becomes of what runs.
func consequences(old, new expand.Application) string {
	var notes string
	if from, to := cluster(old), cluster(new); from != to {
		notes = "what it runs in " + from + " stays there, and nothing looks after it any more"
	}
	switch before, after := takesAlong(old), takesAlong(new); {
	case after && !before:
		notes = joined(notes, "from now on, who deletes it deletes all that it runs")
	case before && !after:
		notes = joined(notes, "from now on, who deletes it leaves what it runs")
	}
	return notes
}

func cluster(a expand.Application) string {
	return cmp.Or(a.Spec.Destination.Name, a.Spec.Destination.Server)
}

// takesAlong tells whether Argo CD deletes what an Application runs along with it.
func takesAlong(a expand.Application) bool {
	return slices.ContainsFunc(a.Finalizers, func(f string) bool { return strings.HasPrefix(f, v1alpha1.ResourcesFinalizerName) })
}

func joined(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}

func step(a expand.Application) any {
	if a.Step() == 0 {
		return nil
	}
	return a.Step()
}

func written(a expand.Application) any {
	return generic(map[string]any{
		"metadata": map[string]any{"labels": a.Labels, "annotations": a.Annotations, "finalizers": a.Finalizers},
		"spec":     a.OnHub(),
	})
}

// generic is a value as encoding/json reads it back.
func generic(value any) any {
	var out any
	data, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("an Application does not survive JSON: %v", err)) // it came from it
	}
	return out
}

func differ(out *[]Field, at string, old, new any) {
	if reflect.DeepEqual(old, new) {
		return
	}
	a, aIsMap := old.(map[string]any)
	b, bIsMap := new.(map[string]any)
	if aIsMap && bIsMap {
		keys := maps.Clone(a)
		maps.Copy(keys, b)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			differ(out, join(at, key), a[key], b[key])
		}
		return
	}
	*out = append(*out, Field{at, old, new})
}

// join appends a key to a path; one with dots of its own in brackets.
func join(at, key string) string {
	switch {
	case strings.ContainsAny(key, "./"):
		return at + `["` + key + `"]`
	case at == "":
		return key
	}
	return at + "." + key
}
