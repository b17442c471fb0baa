// Package apiserver asks the API server's own code about golden/: what the generated
// ValidatingAdmissionPolicies let in and what they refuse, and whether custom objects keep
// the rules that their CRDs state in CEL. Both are in k8s.io/apiserver and
// k8s.io/apiextensions-apiserver, which are the last thing that users of the generator
// should have to compile: so this is a module of its own, with tests alone, and meets
// the generator in files.
package apiserver
