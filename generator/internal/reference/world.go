package reference

import (
	"fmt"
	"io/fs"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	cueschemas "github.com/mlfleet/mlfleet/cue"
	"github.com/mlfleet/mlfleet/generator/check"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/place"
)

// kinds are the kinds of documents, in the order in which a reader meets them, and the
// files that hold them.
var kinds = []struct{ Kind, Page, File string }{
	{"Model", "model", "tenants/<tenant>/models/<model>.yaml"},
	{"Tenant", "tenant", "tenants/<tenant>/tenant.yaml"},
	{"Environment", "environment", "environments/<environment>/environment.yaml"},
	{"ImagePins", "images", "environments/<environment>/images.yaml"},
	{"Region", "region", "regions/<region>.yaml"},
	{"Fleet", "fleet", "fleet.yaml"},
}

// world is the sample fleet, to be changed and looked at.
type world struct {
	docs  *load.Documents
	place func(*load.Documents) (*fleet.Fleet, fleet.Findings, error)
	judge judge
	types map[string]*Type

	sample   snapshot // of the fleet as it is
	findings []string
}

func newWorld(repository fs.FS) (*world, error) {
	w := &world{types: map[string]*Type{}}
	var err error
	if w.docs, err = load.Read(repository); err != nil {
		return nil, err
	}
	if len(w.docs.Findings) > 0 {
		return nil, fmt.Errorf("reading the sample fleet: %w", w.docs.Findings)
	}
	if w.place, err = place.Fleets(); err != nil {
		return nil, err
	}
	if err := w.judge.renew(); err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if w.types[k.Kind], err = (schemas{w.judge.root}).document(k.Kind); err != nil {
			return nil, err
		}
	}
	f, findings, err := w.place(w.docs)
	if err == nil && len(findings) > 0 {
		err = findings
	}
	if err != nil {
		return nil, fmt.Errorf("placing the sample fleet: %w", err)
	}
	w.findings = said(check.Fleet(f))
	w.sample, err = objectsOf(f)
	return w, err
}

// said is what findings say, without where: changed documents keep no lines.
func said(findings fleet.Findings) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Message+f.Expected)
	}
	slices.Sort(out)
	return out
}

// documents are those of a kind, by their files.
func documents(docs *load.Documents, kind string) []*load.Document {
	var out []*load.Document
	switch kind {
	case "Fleet":
		return []*load.Document{docs.Fleet}
	case "Region":
		return docs.Regions
	case "Environment", "ImagePins":
		for _, e := range docs.Environments {
			if kind == "ImagePins" {
				out = append(out, e.Images)
			} else {
				out = append(out, e.Environment)
			}
		}
	case "Tenant":
		for _, t := range docs.Tenants {
			out = append(out, t.Tenant)
		}
	case "Model":
		for _, t := range docs.Tenants {
			out = append(out, t.Models...)
		}
	}
	return out
}

// changed are the documents with some files' values replaced. Names of files follow
// the names in them.
func changed(docs *load.Documents, values map[string]*input.Value) *load.Documents {
	out := *docs
	one := func(d *load.Document) *load.Document {
		v := values[d.File]
		if v == nil {
			return d
		}
		c := *d
		c.Value = v
		if d.Name != "" {
			c.Name = v.At("metadata", "name").Text
		}
		return &c
	}
	all := func(list []*load.Document) []*load.Document {
		list = slices.Clone(list)
		for i := range list {
			list[i] = one(list[i])
		}
		return list
	}
	out.Fleet, out.Regions = one(docs.Fleet), all(docs.Regions)
	out.Environments, out.Tenants = slices.Clone(docs.Environments), slices.Clone(docs.Tenants)
	for i, e := range out.Environments {
		out.Environments[i].Environment, out.Environments[i].Images = one(e.Environment), one(e.Images)
	}
	for i, t := range out.Tenants {
		out.Tenants[i].Tenant, out.Tenants[i].Models = one(t.Tenant), all(t.Models)
	}
	return &out
}

// judge says whether a value is a good document of its kind.
type judge struct {
	ctx     *cue.Context
	root    cue.Value
	defs    map[string]cue.Value
	judged  int
	answers map[string]bool
}

// lifetime is how many values a CUE context judges before a new one takes its place,
// because a context keeps something of every value it has seen.
const lifetime = 500

func (j *judge) renew() error {
	ctx := cuecontext.New()
	root, err := cueschemas.Build(ctx)
	if err != nil {
		return err
	}
	j.ctx, j.root, j.judged, j.defs = ctx, root, 0, map[string]cue.Value{}
	for _, k := range kinds {
		j.defs[k.Kind] = root.LookupPath(cue.MakePath(cue.Def(k.Kind)))
	}
	return nil
}

func (j *judge) accepts(kind string, v *input.Value) bool {
	key := kind + text(v)
	if answer, known := j.answers[key]; known {
		return answer
	}
	if j.judged++; j.judged > lifetime {
		if err := j.renew(); err != nil {
			return false // it was compiled before
		}
	}
	if j.answers == nil {
		j.answers = map[string]bool{}
	}
	j.answers[key] = j.defs[kind].Unify(j.ctx.Encode(v.Any())).Validate(cue.Concrete(true)) == nil
	return j.answers[key]
}
