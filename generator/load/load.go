// Package load reads the inputs of a fleet. It takes a file system that nobody
// has looked at yet, and gives the documents in it as checked trees, or findings
// that name every place where they are wrong.
//
// It knows which file is what (fleet.yaml, regions/, environments/, tenants/)
// and holds each against its own schema. What one document says of another is
// decided by the packages place and check, which work on its result.
package load

import (
	"cmp"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/mlfleet/mlfleet/generator/capacity"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/schema"
)

// Documents are the inputs of a fleet, each checked by itself. Lists are sorted
// by name.
type Documents struct {
	Fleet        *Document
	Regions      []*Document
	Environments []Environment
	Tenants      []Tenant
	// Findings are about single documents, in no particular order.
	Findings fleet.Findings

	rules *schema.Schema
}

// Rules are the compiled rules that the documents were held against. They are
// not safe for concurrent use.
func (d *Documents) Rules() *schema.Schema { return d.rules }

// Environment is the folder of an environment.
type Environment struct {
	Environment *Document
	Images      *Document
}

// Tenant is the folder of a tenant.
type Tenant struct {
	Tenant *Document
	Models []*Document
	// Traffic are the files of measurements.
	Traffic []*Traffic
}

// Traffic is a file of measurements of what a model is asked (CSV).
type Traffic struct {
	// Name is what models call it: the file's without .csv.
	Name string
	// File is relative to the fleet's root.
	File string
	// Measurements is nil where the file is wrong: a finding says so.
	Measurements *capacity.Measurements

	size    int64
	refused bool // already, by what kind of file it is
}

// Document is one input file.
type Document struct {
	// Name is what the file, or its folder, is called; empty for fleet.yaml, whose name is free.
	Name string
	// File is relative to the fleet's root.
	File string
	// Value is nil where the file is missing or wrong: a finding says so.
	Value *input.Value

	kind string
	size int64
}

// Spec is the document's spec, or nil.
func (d *Document) Spec() *input.Value { return d.Value.Get("spec") }

// Read reads and checks the inputs in fsys, whose root is the fleet's. An error
// means that the rules themselves could not be read; what is wrong with the
// inputs is in the findings.
func Read(fsys fs.FS) (*Documents, error) {
	w := walk{fsys: fsys}
	docs := w.documents()
	rules, findings, err := checkAll(fsys, w.found)
	if err != nil {
		return nil, err
	}
	docs.rules = rules
	docs.Findings = append(w.findings, findings...)
	for _, t := range docs.Tenants {
		for _, traffic := range t.Traffic {
			docs.Findings = append(docs.Findings, traffic.read(fsys)...)
		}
	}
	return docs, nil
}

// checkAll reads and checks documents on all processors. A document costs about
// a millisecond, and a processor its own copy of the rules; a small fleet is
// checked by one, whose rules it gives. A panic goes on in the caller, who can
// recover from it.
func checkAll(fsys fs.FS, docs []*Document) (*schema.Schema, fleet.Findings, error) {
	const share = 100 // documents that are worth a processor
	workers := min(runtime.GOMAXPROCS(0), 1+len(docs)/share)
	findings := make([]fleet.Findings, workers)
	rules := make([]*schema.Schema, workers)
	errs, panics := make([]error, workers), make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			defer func() {
				if value := recover(); value != nil {
					panics[w] = fmt.Errorf("%v\n%s", value, debug.Stack())
				}
			}()
			var err error
			rules[w], err = schema.New()
			for i := w; i < len(docs) && err == nil; i += workers {
				var found fleet.Findings
				found, err = checkOne(fsys, rules[w], docs[i])
				findings[w] = append(findings[w], found...)
			}
			errs[w] = err
		})
	}
	group.Wait()
	if err := cmp.Or(panics...); err != nil {
		panic(err)
	}
	var all fleet.Findings
	for _, found := range findings {
		all = append(all, found...)
	}
	return rules[0], all, cmp.Or(errs...)
}

// read reads and checks the measurements.
func (t *Traffic) read(fsys fs.FS) fleet.Findings {
	at := fleet.Position{File: t.File}
	if t.refused {
		return nil
	}
	if t.size > capacity.MaxSize {
		return fleet.Findings{{
			Position: at, Severity: fleet.Error, Message: fmt.Sprintf("the file has %d bytes", t.size),
			Expected: fmt.Sprintf("at most %d", capacity.MaxSize), Fix: "measure in longer intervals, or keep the last weeks only",
		}}
	}
	data, err := fs.ReadFile(fsys, t.File)
	if err != nil {
		return fleet.Findings{unreadable(at, err)}
	}
	var findings fleet.Findings
	t.Measurements, findings = capacity.Parse(t.File, data)
	return findings
}

func checkOne(fsys fs.FS, rules *schema.Schema, d *Document) (fleet.Findings, error) {
	at := fleet.Position{File: d.File}
	if d.size > input.MaxSize {
		return fleet.Findings{input.TooLarge(d.File, d.size)}, nil
	}
	data, err := fs.ReadFile(fsys, d.File)
	if err != nil {
		return fleet.Findings{unreadable(at, err)}, nil
	}
	value, findings := input.Parse(d.File, data)
	if value == nil {
		return findings, nil
	}
	findings, err = rules.Check("#"+d.kind, value)
	if err != nil || len(findings) > 0 {
		return findings, err
	}
	if name := value.At("metadata", "name"); d.Name != "" && name.Text != d.Name {
		return fleet.Findings{{
			Position: name.Position,
			Severity: fleet.Error,
			Message:  fmt.Sprintf("metadata.name is %q, but the file is %s", name.Text, d.File),
			Expected: fmt.Sprintf("%q", d.Name),
			Fix:      "rename one of them",
		}}, nil
	}
	d.Value = value
	return nil, nil
}
