package generator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// A fleet is a folder; os.DirFS gives it to Load.
func ExampleLoad() {
	f, err := generator.Load(os.DirFS("internal/fleettest/fleet"))
	if err != nil {
		log.Fatal(err)
	}
	for p := range f.Placements() {
		for _, m := range p.Models {
			fmt.Printf("%s runs %s version %s in %s: %d to %d replicas\n",
				p.Tenant.Name, m.Name, m.Spec.Version, p.Cluster.Name, m.Spec.Replicas.Min, m.Spec.Replicas.Max)
		}
	}
	// Output:
	// acme runs ranker version 13 in north-production: 4 to 12 replicas
	// acme runs sentiment version 3 in north-production: 2 to 4 replicas
	// acme runs ranker version 13 in north-staging: 1 to 2 replicas
	// acme runs sentiment version 3 in north-staging: 2 to 4 replicas
	// acme runs ranker version 12 in south-production: 4 to 8 replicas
	// acme runs sentiment version 3 in south-production: 2 to 4 replicas
	// acme runs ranker version 12 in south-staging: 1 to 2 replicas
	// acme runs sentiment version 3 in south-staging: 2 to 4 replicas
	// borealis runs fraud version 41 in north-production: 2 to 2 replicas
}

// What is wrong with the inputs comes as a list of findings, each with its place.
func ExampleLoad_findings() {
	inputs := fstest.MapFS{
		"fleet.yaml":        {Data: []byte("apiVersion: mlfleet.dev/v1alpha1\nkind: Fleat\n")},
		"regions/README.md": {Data: []byte("No region yet.\n")},
		"environments/production/environment.yaml": {Data: []byte("a: 1\na: 2\n")},
		"tenants/README.md":                        {Data: []byte("No tenant yet.\n")},
	}
	_, err := generator.Load(inputs)
	findings, ok := errors.AsType[fleet.Findings](err)
	if !ok {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// environments/production/environment.yaml:2:1: field "a" stands twice (first on line 1) — keep one of them
	// environments/production/images.yaml: the file is missing — add it, or remove the folder environments/production
	// fleet.yaml:1:1: metadata is missing (the fleet's name) — add it
	// fleet.yaml:1:1: spec is missing (what holds for the whole fleet) — add it
	// fleet.yaml:2:7: kind is "Fleat" (has to be "Fleet")
}

// Every value of a model tells who set it, and where.
func ExampleLoad_origin() {
	f, err := generator.Load(os.DirFS("internal/fleettest/fleet"))
	if err != nil {
		log.Fatal(err)
	}
	ranker := f.Tenant("acme").Placement("north-production").Models[0]
	for _, path := range [][]string{{"replicas", "max"}, {"version"}, {"slo", "availability"}, {"slo", "latencyP99"}} {
		origin := ranker.Origins.Origin(path...)
		fmt.Printf("%s: %s, %s\n", path[len(path)-1], origin.Layer, origin.File)
	}
	// Output:
	// max: override 3 of model ranker, tenants/acme/models/ranker.yaml
	// version: override 2 of model ranker, tenants/acme/models/ranker.yaml
	// availability: tier gold, environments/production/environment.yaml
	// latencyP99: schema default, cue/defaults.cue
}

// Files come as a stream, so that memory does not grow with the fleet.
func ExampleRender() {
	f, err := generator.Load(os.DirFS("internal/fleettest/fleet"))
	if err != nil {
		log.Fatal(err)
	}
	for file, err := range generator.Render(f) {
		if err != nil {
			log.Fatal(err)
		}
		if match, _ := filepath.Match("manifests/*/borealis/*/*", file.Path); match { // the pattern is well-formed
			fmt.Println(file.Path)
		}
	}
	// Output:
	// manifests/north-production/borealis/guardrails/manifests.yaml
	// manifests/north-production/borealis/models/manifests.yaml
}

// What a change of the inputs does, before anything is written.
func ExampleDiff() {
	render := func(version string) iter.Seq2[tree.File, error] {
		inputs := os.DirFS("internal/fleettest/fleet")
		changed := fstest.MapFS{}
		if err := fs.WalkDir(inputs, ".", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(inputs, path)
			changed[path] = &fstest.MapFile{Data: bytes.Replace(data, []byte(`version: "41"`), []byte("version: "+version), 1)}
			return err
		}); err != nil {
			log.Fatal(err)
		}
		f, err := generator.Load(changed)
		if err != nil {
			log.Fatal(err)
		}
		return generator.Render(f)
	}
	golden := fstest.MapFS{} // as a folder or a Git revision would be
	for file, err := range render(`"41"`) {
		if err != nil {
			log.Fatal(err)
		}
		golden[file.Path] = &fstest.MapFile{Data: bytes.Clone(file.Data)}
	}
	d, err := generator.Diff(golden, render(`"42"`))
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range d.Objects {
		fmt.Printf("%s: %s changes in %s\n", o.Cluster, o.ID(), o.Fields[0].Path)
	}
	// Output:
	// north-production: ConfigMap tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: DNSEndpoint tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: Deployment tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: HTTPRoute tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: PodDisruptionBudget tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: PrometheusRule tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: Service tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: ServiceMonitor tenant-borealis/fraud changes in metadata.labels[app.kubernetes.io/version]
	// north-production: PrometheusRule tenant-borealis/fraud.objectives changes in metadata.labels[app.kubernetes.io/version]
}

// A second run writes nothing.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f, err := generator.Load(os.DirFS("internal/fleettest/fleet"))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		result, err := generator.Write(context.Background(), filepath.Join(dir, "golden"), generator.Render(f))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("written: %v, removed: %d\n", len(result.Written) > 0, len(result.Removed))
	}
	// Output:
	// written: true, removed: 0
	// written: false, removed: 0
}
