package root

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

// A root reads what its directory source takes, from whatever folder that begins at;
// an Application of a kustomization below golden/tenants is none.
func TestReads(t *testing.T) {
	recurse := &v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "tenants/00/**"}
	for _, test := range []struct {
		source    v1alpha1.ApplicationSource
		file      string
		is, reads bool
	}{
		{v1alpha1.ApplicationSource{Path: "golden/argocd", Directory: recurse}, "golden/argocd/tenants/00/acme/project.yaml", true, true},
		{v1alpha1.ApplicationSource{Path: "./golden/argocd/", Directory: recurse}, "golden/argocd/tenants/00/acme/project.yaml", true, true},
		{v1alpha1.ApplicationSource{Path: "golden/argocd", Directory: recurse}, "golden/argocd/tenants/01/acme/project.yaml", true, false},
		{v1alpha1.ApplicationSource{Path: "golden/argocd", Directory: recurse}, Bootstrap, true, false},
		{v1alpha1.ApplicationSource{Path: "golden/argocd/platform"}, "golden/argocd/platform/project.yaml", true, true},
		{v1alpha1.ApplicationSource{Path: ".", Directory: &v1alpha1.ApplicationSourceDirectory{Recurse: true}}, Bootstrap, true, true},
		{v1alpha1.ApplicationSource{Path: "golden/argo"}, Bootstrap, false, false},
		{v1alpha1.ApplicationSource{Path: "golden/tenants/acme/models/overlays/x"}, Bootstrap, false, false},
	} {
		spec := &v1alpha1.ApplicationSpec{Source: &test.source}
		if Is(spec) != test.is || Reads(spec, test.file) != test.reads {
			t.Errorf("%s: is a root %t, reads %s %t", test.source.Path, Is(spec), test.file, Reads(spec, test.file))
		}
	}
	// Argo CD takes spec.sources before spec.source.
	both := &v1alpha1.ApplicationSpec{
		Source:  &v1alpha1.ApplicationSource{Path: "golden/argocd"},
		Sources: v1alpha1.ApplicationSources{{Path: "elsewhere"}},
	}
	if Is(both) || Reads(both, Bootstrap) {
		t.Error("spec.source counts beside spec.sources")
	}
}
