package image

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/debian"
)

// labels are the annotations that the OCI image specification defines, for the
// config, the manifest and the index alike.
func (m Metadata) labels() map[string]string {
	const key = "org.opencontainers.image."
	l := map[string]string{
		key + "title": m.Title, key + "description": m.Description, key + "source": m.Source, key + "url": m.Source,
		key + "licenses": m.Licenses, key + "revision": m.Revision, key + "version": m.Version,
		key + "created": m.Created.Format(time.RFC3339),
	}
	if m.Dirty {
		l["dev.mlfleet.dirty"] = "true"
	}
	return l
}

// assemble makes an image of its parts. It is a function of what it is given.
func assemble(architecture string, b *base, parts []part, m Metadata) (v1.Image, error) {
	labels := maps.Clone(b.labels)
	maps.Copy(labels, m.labels())
	created := v1.Time{Time: m.Created}
	img, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), &v1.ConfigFile{
		OS: "linux", Architecture: architecture, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:         fmt.Sprintf("%d:%[1]d", debian.UID),
			WorkingDir:   "/",
			Entrypoint:   []string{"/" + binary},
			Cmd:          []string{"serve"},
			Env:          variables(b.env),
			ExposedPorts: map[string]struct{}{"8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {}},
			StopSignal:   "SIGTERM",
			Labels:       labels,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("assemble the image for %s: %w", architecture, err)
	}
	for _, p := range parts {
		media, err := p.layer.MediaType()
		if err != nil {
			return nil, fmt.Errorf("assemble the image for %s: layer %s: %w", architecture, p.name, err)
		}
		img, err = mutate.Append(img, mutate.Addendum{
			Layer: p.layer, MediaType: media,
			History: v1.History{Created: created, CreatedBy: p.by, Comment: p.name},
		})
		if err != nil {
			return nil, fmt.Errorf("assemble the image for %s: layer %s: %w", architecture, p.name, err)
		}
	}
	// Annotations are what registries show; the labels of the base are not about
	// this image, so they stay in the config.
	notes := m.labels()
	for k, v := range labels {
		if strings.HasPrefix(k, "org.opencontainers.image.") || strings.HasPrefix(k, "dev.mlfleet.") {
			notes[k] = v
		}
	}
	return annotated(img, notes)
}

// variables are the environment of the server: the base's (CUDA's say where its
// libraries are), a search path, and where the models and the library are.
func variables(base []string) []string {
	all := map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, v := range base {
		name, value, _ := strings.Cut(v, "=")
		all[name] = value
	}
	all["MODEL_REPOSITORY"] = "/models"
	// With telemetry ONNX Runtime asks a shell for the names of the machine and its
	// disks before any call could switch it off, and crashes where there is no
	// shell (1.29.0, seen here); and nothing may phone home.
	all["ORT_DISABLE_TELEMETRY"] = "1"
	all["ONNXRUNTIME"] = "/opt/onnxruntime/lib/libonnxruntime.so.1"
	var env []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		env = append(env, name+"="+all[name])
	}
	return env
}

func annotated(img v1.Image, notes map[string]string) (v1.Image, error) {
	a, ok := mutate.Annotations(img, notes).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotate the image: what came back is no image")
	}
	return a, nil
}

// index is the index of the images, sorted by architecture.
func index(images []Platform, m Metadata) (v1.ImageIndex, error) {
	slices.SortFunc(images, func(a, b Platform) int { return cmp.Compare(a.Arch, b.Arch) })
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range images {
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: p.Image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: p.Arch},
		}})
	}
	a, ok := mutate.Annotations(idx, m.labels()).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("annotate the index: what came back is no index")
	}
	return a, nil
}
