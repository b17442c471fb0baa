//go:build unix

package schemas

import (
	"os"
	"syscall"
	"testing"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"go.yaml.in/yaml/v3"
)

// recycle is after how many documents a context is dropped: it keeps about 30 kB of each.
const recycle = 500

// BenchmarkCheck measures what checking one file costs, a kind: parsing it,
// unifying it with its schema in a shared context, validating.
func BenchmarkCheck(b *testing.B) {
	for _, bench := range []struct{ name, definition, file string }{
		{"Fleet", "#Fleet", "../fleet.yaml"},
		{"Environment", "#Environment", "../environments/production/environment.yaml"},
		{"ImagePins", "#ImagePins", "../environments/production/images.yaml"},
		{"Region", "#Region", "../regions/us-east.yaml"},
		{"Tenant", "#Tenant", "../tenants/acme/tenant.yaml"},
		{"Model", "#Model", "../tenants/acme/models/sentiment.yaml"},
		{"ModelMost", "#Model", "testdata/good/model.yaml"},
		{"EffectiveModel", "#EffectiveModel", "testdata/good/effective.yaml"},
	} {
		data, err := os.ReadFile(bench.file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bench.name, func(b *testing.B) {
			var ctx *cue.Context
			var def cue.Value
			n, before := 0, cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				if n%recycle == 0 {
					ctx = cuecontext.New()
					schemas, err := Build(ctx)
					if err != nil {
						b.Fatal(err)
					}
					def = schemas.LookupPath(cue.ParsePath(bench.definition))
				}
				n++
				var doc any
				if err := yaml.Unmarshal(data, &doc); err != nil {
					b.Fatal(err)
				}
				if err := def.Unify(ctx.Encode(doc)).Validate(cue.Concrete(true)); err != nil {
					b.Fatal(errors.Details(err, nil))
				}
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used so far: a loaded machine stretches the
// wall clock, not this.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
