// Command refresh rewrites the vendored schemas of package schemacheck from the
// module zips of the projects that publish them:
//
//	go run ./generator/internal/schemacheck/refresh
//
// in the root of the repository. It asks the go command for the modules
// (`go mod download`, verified against the checksum database), takes the kinds
// of sources.go out of them with everything these refer to, drops what judges no
// object, and writes testdata/*.json.gz and testdata/SOURCES.md. To move to a
// new release, change its version in sources.go and run it again; the same
// versions give the same files.
//
// The projects' code is never imported: their modules would push their
// dependency versions onto everybody who imports the generator.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	out := flag.String("out", "generator/internal/schemacheck/testdata", "folder that receives the bundles")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := refresh(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "refresh:", err)
		os.Exit(1)
	}
}

// refresh writes every bundle and then the page that says where they are from.
func refresh(ctx context.Context, out string) error {
	if _, err := os.Stat(out); err != nil {
		return fmt.Errorf("looking for the folder to write to (run this in the root of the repository): %w", err)
	}
	var made []vendored
	for _, src := range sources() {
		v, err := vendor(ctx, src)
		if err != nil {
			return fmt.Errorf("vendoring the schemas of %s %s: %w", src.project, src.version, err)
		}
		var file bytes.Buffer
		if err := v.bundle.Write(&file); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, src.file), file.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d kinds, %d schemas, %d bytes\n", src.file, len(v.bundle.Kinds), len(v.bundle.Schemas), file.Len())
		made = append(made, v)
	}
	page, err := sourcesPage(made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "SOURCES.md"), page, 0o644)
}
