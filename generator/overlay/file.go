package overlay

import "github.com/mlfleet/mlfleet/generator/manifest"

// File is one generated file.
type File struct {
	Path string // slashed, relative to the folder of its kustomization
	Data []byte
}

// Item is an object and its place.
type Item struct {
	// File is where the object stands, relative to the folder of its
	// kustomization: "sentiment/deployment.yaml". Items that follow each other may
	// share a file.
	File   string
	Object manifest.Object
}

// Common is what all objects of an overlay have in common.
type Common struct {
	// Labels are on every final object, and on the pod template of those that have
	// one; selectors never have them.
	Labels map[string]string
	Images []Image
}

// Image is an image that the base names by its pin and the cluster by digest.
type Image struct {
	Name    string // as the base writes it: "inference"
	NewName string // "ghcr.io/mlfleet/inference"
	Digest  string // "sha256:…"
}

func (i Image) reference() string { return i.NewName + "@" + i.Digest }

const (
	kustomizationFile = "kustomization.yaml"
	patchesFile       = "patches.yaml"
)
