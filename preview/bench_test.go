package preview_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/mlfleet/mlfleet/preview"
)

// BenchmarkSample previews the sample fleet, with and without building its paths.
func BenchmarkSample(b *testing.B) { measure(b, "..") }

// BenchmarkTenants previews synthetic fleets, which the generator's own benchmark makes
// of the sample's tenants, in two clusters.
func BenchmarkTenants(b *testing.B) {
	for _, tenants := range []int{100, 1000} {
		b.Run(fmt.Sprint(tenants), func(b *testing.B) {
			dir := b.TempDir()
			cmd := exec.CommandContext(b.Context(), "go", "-C", "..", "run", "./generator/internal/bench",
				"-task", "fleet", "-dir", dir, "-tenants", fmt.Sprint(tenants))
			cmd.Stderr = os.Stderr
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
			measure(b, dir)
		})
	}
}

func measure(b *testing.B, dir string) {
	for name, build := range map[string]bool{"expand": false, "build": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := preview.Run(b.Context(), dir, preview.Options{Build: build})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(r.Applications)), "applications")
				b.ReportMetric(float64(len(r.Findings)), "findings")
			}
		})
	}
}
