// Package argotree is golden/argocd as Argo CD's own types: its AppProjects, its
// ApplicationSets, and the Applications that stand there themselves (the roots).
//
// It decodes as strictly as an API server under field validation "Strict": an unknown
// or a duplicate field is a finding at its line, not something to pass over. That is
// the point of the module: the generator writes these objects through a few small
// structs of its own, and a field that only those know cannot survive this.
//
// It judges files one by one. Whether the objects make sense together is package
// check's business.
package argotree
