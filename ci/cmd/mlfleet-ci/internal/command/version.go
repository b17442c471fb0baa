package command

import (
	"runtime/debug"

	"github.com/mlfleet/mlfleet/ci/scan"
)

// thisVersion is "mlfleet-ci v0.1.0 (go1.26.3, Trivy 0.74.0)".
func thisVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "mlfleet-ci (unknown)"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	return "mlfleet-ci " + version + " (" + info.GoVersion + ", Trivy " + scan.TrivyVersion + ")"
}
