package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

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
	// Size is the length of its JSON in bytes, less the backslashes of escaped text,
	// which an object of Kubernetes' own does not have in etcd.
	Size int
}

func object(apiVersion, kind, namespace, name string, size int) Object {
	namespaced, known := openapi.IsNamespaceScoped(kyaml.TypeMeta{APIVersion: apiVersion, Kind: kind})
	return Object{
		GroupVersionKind: schema.FromAPIVersionAndKind(apiVersion, kind),
		Namespace:        namespace,
		Name:             name,
		Namespaced:       namespaced || (!known && namespace != ""),
		Size:             size,
	}
}

// MissingError says that the path of an Application is no folder of the repository.
type MissingError struct{ Path, Problem string }

func (e *MissingError) Error() string { return "path " + e.Path + " " + e.Problem }

// Check tells whether a path exists in the fleet and is a folder. It fails with a
// [MissingError] otherwise.
func Check(fsys fs.FS, source v1alpha1.ApplicationSource) (string, error) {
	folder := path.Clean(source.Path)
	switch {
	case path.IsAbs(folder):
		return "", &MissingError{source.Path, "is absolute, and Argo CD wants one from the repository's top, without the first slash"}
	case !fs.ValidPath(folder):
		return "", &MissingError{source.Path, "leads out of the repository"}
	}
	info, err := fs.Stat(fsys, folder)
	switch {
	case err != nil:
		return "", &MissingError{folder, problem(fsys, folder, err)}
	case !info.IsDir():
		return "", &MissingError{folder, "is a file, and Argo CD wants a folder"}
	}
	return folder, nil
}

// problem says why a file or folder cannot be looked at. What is on the way may be a
// link; what it leads to is not looked at where that is outside of the fleet.
func problem(fsys fs.FS, name string, err error) string {
	switch {
	case strings.Contains(err.Error(), "escapes"): // as os.Root says, without an error to ask for
		return "is, or is behind, a link that leads out of the fleet, where neither Argo CD nor a preview looks"
	case !errors.Is(err, fs.ErrNotExist):
		return "cannot be read: " + err.Error()
	}
	if info, err := fs.Lstat(fsys, name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "is a link to what does not exist"
	}
	return "does not exist"
}

// Objects makes the objects of a source. It fails with a [MissingError] where there is no
// such path; any other error says why it does not build.
func Objects(ctx context.Context, fsys fs.FS, source v1alpha1.ApplicationSource) ([]Object, error) {
	folder, err := Check(fsys, source)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if source.Helm != nil || source.Chart != "" || source.Plugin != nil || source.Kustomize != nil {
		return nil, errors.New("its source has options of Helm, Kustomize or a plugin, which a preview does not apply")
	}
	override, err := overrides(fsys, folder)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s", folder, problem(fsys, folder, err))
	case override != "":
		return nil, fmt.Errorf("Argo CD merges %s into the Application's source, and a preview does not", override)
	}
	if source.Directory != nil {
		return directory(fsys, folder, source.Directory)
	}
	objects, err := build(fsys, folder)
	if err == nil && len(objects) == 0 {
		return nil, errors.New("no object comes of it, and Argo CD refuses to sync that, or with allowEmpty prunes all that runs")
	}
	return objects, err
}

// overrides is a file in a folder with which Argo CD overrides the sources of all, or of
// one, of the Applications that have that path; or "".
func overrides(fsys fs.FS, folder string) (string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".argocd-source") && path.Ext(e.Name()) == ".yaml" {
			return path.Join(folder, e.Name()), nil
		}
	}
	return "", err
}

// kustomized is the kustomization file of a folder. Without one Argo CD takes a folder's
// files as they are, and that would be its patches, too; of several, Kustomize takes
// none.
func kustomized(fsys fs.FS, folder string) (string, error) {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := path.Join(folder, name)
		if _, err := fs.Lstat(fsys, file); err == nil {
			found = append(found, file)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s has no kustomization.yaml, and Argo CD would apply its files as they are, patches, too", folder)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s has several kustomization files, and Kustomize builds none of them: %s", folder, strings.Join(found, ", "))
}
