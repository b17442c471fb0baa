package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

// vendored is a bundle and what SOURCES.md says of its origin.
type vendored struct {
	source
	sum     string // the module's h1: checksum, as go.sum would have it
	digests map[string]string
	notice  string // the module's NOTICE file, which its licence wants kept
	bundle  *bundle.Bundle
}

// vendor fetches src's module and takes the wanted kinds out of it.
func vendor(ctx context.Context, src source) (vendored, error) {
	v := vendored{source: src, digests: map[string]string{}}
	dir, sum, err := download(ctx, src.module, src.version)
	if err != nil {
		return v, err
	}
	v.sum = sum
	v.bundle = &bundle.Bundle{
		Source:  src.project + " " + src.version,
		Custom:  src.crds,
		Kinds:   map[string]bundle.Kind{},
		Schemas: map[string]json.RawMessage{},
	}
	notice, err := os.ReadFile(filepath.Join(dir, "NOTICE"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return v, err
	}
	v.notice = string(notice)

	read := func(path string) ([]byte, error) {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(raw)
		v.digests[path] = hex.EncodeToString(sum[:])
		return raw, nil
	}
	extract := extractOpenAPI
	if src.crds {
		extract = extractCRDs
	}
	if err := extract(src, read, v.bundle); err != nil {
		return v, err
	}
	for _, kind := range src.kinds {
		if _, ok := v.bundle.Kinds[kind]; !ok {
			return v, fmt.Errorf("%q is in none of the files", kind)
		}
	}
	return v, nil
}

// download returns the folder of the module cache that holds module@version,
// and the module's checksum.
func download(ctx context.Context, module, version string) (dir, sum string, err error) {
	// In a folder without go.mod nothing of this module's requirements takes
	// part in, or is changed by, the download.
	scratch, err := os.MkdirTemp("", "schemas")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(scratch)
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = scratch
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	answer, runErr := cmd.Output()
	var got struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(answer, &got); err != nil {
		return "", "", fmt.Errorf("downloading %s@%s: %w: %s", module, version, errors.Join(runErr, err), stderr.String())
	}
	if got.Error != "" || runErr != nil {
		return "", "", fmt.Errorf("downloading %s@%s: %s %w", module, version, got.Error, runErr)
	}
	return got.Dir, got.Sum, nil
}

// trim drops from a decoded schema what judges no object. A map under
// "properties" has field names for keys, so a field called "description" stays.
func trim(schema any) any {
	switch s := schema.(type) {
	case map[string]any:
		out := make(map[string]any, len(s))
		for key, value := range s {
			switch key {
			case "description", "title", "example", "externalDocs", "x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy", "x-kubernetes-unions":
			case "properties":
				fields := make(map[string]any)
				for name, field := range value.(map[string]any) {
					fields[name] = trim(field)
				}
				out[key] = fields
			case "default", "enum":
				out[key] = value
			default:
				out[key] = trim(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(s))
		for i, item := range s {
			out[i] = trim(item)
		}
		return out
	}
	return schema
}

// refs adds the names of all schemas that a decoded schema refers to.
func refs(schema any, found map[string]bool) {
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			if ref, ok := value.(string); ok && key == "$ref" {
				found[strings.TrimPrefix(ref, bundle.RefPrefix)] = true
				continue
			}
			refs(value, found)
		}
	case []any:
		for _, item := range s {
			refs(item, found)
		}
	}
}
