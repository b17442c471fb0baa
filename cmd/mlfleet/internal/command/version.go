package command

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says which program this is.
type build struct {
	Version  string `json:"version"`            // "v0.1.0", or "(devel)"
	Commit   string `json:"commit,omitempty"`   // of Git; empty where the build did not know it
	Time     string `json:"time,omitempty"`     // of the commit
	Modified bool   `json:"modified,omitempty"` // built from files that differ from the commit
	Go       string `json:"go"`
	CUE      string `json:"cue,omitempty"`
}

// thisBuild reads what the Go command wrote into the binary.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{Version: "(unknown)"}
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) build {
	b := build{Version: info.Main.Version, Go: info.GoVersion}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, module := range info.Deps {
		if module.Path == "cuelang.org/go" {
			b.CUE = module.Version
		}
	}
	return b
}

// String is "mlfleet v0.1.0 (commit 1f3c…, go1.26.8, CUE v0.17.1)".
func (b build) String() string {
	s := "mlfleet " + b.Version + " ("
	if b.Commit != "" {
		s += "commit " + b.Commit
		if b.Modified {
			s += " with changes"
		}
		s += ", "
	}
	s += b.Go
	if b.CUE != "" {
		s += ", CUE " + b.CUE
	}
	return s + ")"
}

// version is "mlfleet version".
func (a *app) version() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print which mlfleet this is",
		Long: `Version prints mlfleet's version and commit, and the versions of Go and CUE that it
was built with. golden/ depends on all of them, so a bug report starts with it.`,
		Example: `  mlfleet version
  mlfleet version -o json | jq -r .commit`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		b := thisBuild()
		if output == "json" {
			return a.printJSON(b)
		}
		_, err := fmt.Fprintln(a.stdout, b)
		return err
	}
	return cmd
}
