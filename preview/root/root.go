package root

import (
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/render"
)

// Bootstrap is the file that a person applies, with the roots; no root reads it.
const Bootstrap = argotree.Folder + "/bootstrap.yaml"

// Reads tells whether an Application reads a file, by the rules of a directory source.
func Reads(spec *v1alpha1.ApplicationSpec, file string) bool {
	for _, source := range spec.GetSources() {
		below, ok := strings.CutPrefix("./"+file, "./"+prefix(source))
		if ok && render.Takes(source.Directory, below) {
			return true
		}
	}
	return false
}

// Is tells whether an Application could read anything of golden/argocd.
func Is(spec *v1alpha1.ApplicationSpec) bool {
	for _, source := range spec.GetSources() {
		p := prefix(source)
		if strings.HasPrefix(argotree.Folder+"/", p) || strings.HasPrefix(p, argotree.Folder+"/") {
			return true
		}
	}
	return false
}

// prefix is how the names of the files below a source's path begin.
func prefix(source v1alpha1.ApplicationSource) string {
	if folder := path.Clean(source.Path); folder != "." {
		return folder + "/"
	}
	return ""
}
