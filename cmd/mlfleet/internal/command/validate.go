package command

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// validate is "mlfleet validate".
func (a *app) validate() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the inputs, and say at which line each mistake is",
		Long: `Validate reads the inputs and checks them, and changes nothing. It reports every
error and warning at once, sorted by place:

  file:line:column: what is wrong (what is expected) — how to mend it

Warnings alone are fine. With -v, each error is followed by the places of the CUE
rules that it breaks. With -o json the findings are a JSON array on standard
output, empty where there is nothing to say.`,
		Example: `  mlfleet validate
  mlfleet validate -v                # with the rules behind each error
  mlfleet validate -C ../fleet -o json | jq -r '.[].message'`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		progress := a.progress()
		f, err := a.load(cmd.Context(), progress)
		progress.Clear()
		findings, wrong := errors.AsType[fleet.Findings](err)
		if err != nil && !wrong {
			return err
		}
		if !wrong {
			findings = f.Warnings
		}
		if output == "json" {
			return a.findingsJSON(findings)
		}
		if wrong {
			return err
		}
		a.printFindings(findings)
		a.summarise("valid: %s%s", size(f), also(count(findings)))
		return nil
	}
	return cmd
}

// findingsJSON prints findings as a JSON array.
func (a *app) findingsJSON(findings fleet.Findings) error {
	if findings == nil {
		findings = fleet.Findings{}
	}
	if err := a.printJSON(findings); err != nil {
		return err
	}
	if len(findings.Errors()) > 0 {
		return errDiffers
	}
	return nil
}

// printJSON prints a value for a program to read.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// summarise prints one line on standard output, unless -q.
func (a *app) summarise(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stdout, format+"\n", args...)
	}
}

// size is a fleet in numbers: "6 tenants, 8 clusters".
func size(f *fleet.Fleet) string {
	models := 0
	for _, t := range f.Tenants {
		models += len(t.Base.Models)
	}
	return fmt.Sprintf("%s with %s, %s", plural(len(f.Tenants), "tenant"), plural(models, "model"), plural(len(f.Clusters()), "cluster"))
}

func also(s string) string {
	if s == "" {
		return ""
	}
	return "; " + s
}
