package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// Object is an object by what an AppProject asks of it.
type Object struct {
	schema.GroupVersionKind
	Namespace string
	Name      string
	// Namespaced tells whether its kind lives in namespaces. Of Kubernetes' own kinds,
	// Kustomize's copy of the API's schema knows it. Of any other, the object tells: it
	// is taken for namespaced when it names its namespace, as everything does that
	// mlfleet writes.
	Namespaced bool
}

func object(apiVersion, kind, namespace, name string) Object {
	namespaced, known := openapi.IsNamespaceScoped(kyaml.TypeMeta{APIVersion: apiVersion, Kind: kind})
	return Object{
		GroupVersionKind: schema.FromAPIVersionAndKind(apiVersion, kind),
		Namespace:        namespace,
		Name:             name,
		Namespaced:       namespaced || (!known && namespace != ""),
	}
}

// ErrMissing says that the path of an Application does not exist.
var ErrMissing = errors.New("does not exist")

// Check tells whether a path exists in the fleet and is a folder. It fails with
// ErrMissing otherwise.
func Check(fsys fs.FS, source v1alpha1.ApplicationSource) (string, error) {
	folder := path.Clean(source.Path)
	if !fs.ValidPath(folder) {
		return "", fmt.Errorf("path %q leads out of the repository: %w", source.Path, ErrMissing)
	}
	info, err := fs.Stat(fsys, folder)
	switch {
	case err != nil:
		return "", fmt.Errorf("path %s %w", folder, ErrMissing)
	case !info.IsDir():
		return "", fmt.Errorf("path %s is a file, and Argo CD wants a folder: %w", folder, ErrMissing)
	}
	return folder, nil
}

// Objects makes the objects of a source. It fails with ErrMissing where there is no
// such path; any other error says why it does not build.
func Objects(ctx context.Context, fsys fs.FS, source v1alpha1.ApplicationSource) ([]Object, error) {
	folder, err := Check(fsys, source)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case source.Helm != nil || source.Chart != "" || source.Plugin != nil || source.Kustomize != nil:
		return nil, errors.New("its source has options of Helm, Kustomize or a plugin, which a preview does not apply")
	case source.Directory == nil && kustomized(fsys, folder) != "":
		return build(fsys, folder)
	}
	return directory(fsys, folder, source.Directory)
}

// kustomized is the kustomization file of a folder, or "".
func kustomized(fsys fs.FS, folder string) string {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := path.Join(folder, name)
		if _, err := fs.Stat(fsys, file); err == nil {
			return file
		}
	}
	return ""
}
