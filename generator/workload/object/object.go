package object

// Object is one Kubernetes object and its place in the Kustomize base.
type Object struct {
	// File is relative to the base: "sentiment/deployment.yaml". Objects that a
	// reader wants to see together share a file.
	File string
	// Value is a pointer to a typed object with its TypeMeta set.
	Value any
}

// At puts objects that builders made into a file, in their order. A builder that
// has nothing to make gives nil, and is left out.
func At[T any](file string, values ...*T) []Object {
	var objects []Object
	for _, value := range values {
		if value != nil {
			objects = append(objects, Object{File: file, Value: value})
		}
	}
	return objects
}
