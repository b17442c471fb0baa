package command

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// verify is "mlfleet-ci verify".
func (a *app) verify() *cobra.Command {
	var places placeFlags
	var trust trustFlags
	var format string
	cmd := &cobra.Command{
		Use:   "verify IMAGE",
		Short: "Check what is said about an image, and who says it",
		Long: `Verify looks for an image's signature, SBOMs and scan, and for where ours was built,
and takes only what a key that is believed has signed. A missing or failed scan, one
that is too old, another key or another digest make the exit code 1.`,
		Example: `  mlfleet-ci verify ghcr.io/mlfleet/inference@sha256:9f86d0… --registry ghcr.io
  mlfleet-ci verify nvcr.io/nvidia/tritonserver:25.10-py3 --public-key platform.pub
  mlfleet-ci verify ghcr.io/mlfleet/inference@sha256:9f86d0… -o json | jq .scan`,
		Args:              arguments("IMAGE"),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	places.add(a, cmd)
	trust.add(cmd)
	addPolicy(cmd, &trust.policy)
	output(cmd, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		ctx := cmd.Context()
		where, err := places.open(ctx, a, cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, where.Close()) }()
		look, err := trust.verifier(ctx, a, cmd, where)
		if err != nil {
			return err
		}
		ref, err := where.ours.Reference(args[0])
		if err != nil {
			return misused(cmd.CommandPath(), "%v", err)
		}
		image, ok := ref.(name.Digest)
		if !ok {
			if image, err = where.ours.Resolve(ctx, ref); err != nil {
				return err
			}
		}
		evidence, err := look(ctx, image)
		return errors.Join(a.printEvidence(evidence, format), err)
	}
	return cmd
}

// printEvidence shows what the keys say, as far as it goes.
func (a *app) printEvidence(e *sign.Evidence, format string) error {
	if e == nil {
		return nil
	}
	if format == "json" {
		return a.printJSON(e)
	}
	if err := writeEvidence(a.stdout, e, a.clock()); err != nil {
		return fmt.Errorf("cannot write to standard output: %w", err)
	}
	if a.verbose {
		for _, r := range e.Ignored {
			fmt.Fprintf(a.stdout, "ignored      %s: %s\n", r.Cause, r.Detail)
		}
	}
	return nil
}

func writeEvidence(w io.Writer, e *sign.Evidence, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what, is string) { fmt.Fprintf(table, "%s\t%s\n", what, is) }
	line("image", e.Image.Name())
	for _, id := range e.KeyIDs {
		line("signed by", "key "+id[:12])
	}
	for _, s := range e.SBOMs {
		line("SBOM", fmt.Sprintf("%s, %d components", formatNames[s.Format], s.Components))
	}
	if e.Scan != nil {
		result := &e.Scan.Scanner.Result
		verdict := map[bool]string{true: "passed", false: "FAILED"}[result.Passed]
		at := e.Scan.Metadata.Finished
		line("scan", fmt.Sprintf("%s, %s ago, with a database of %s", verdict, now.Sub(at).Round(time.Minute), result.DBUpdated.UTC().Format(time.DateOnly)))
		line("findings", provenance.Summary(result.Count()))
		for _, w := range result.Waivers {
			line("waiver", fmt.Sprintf("%s until %s, %s: %s", w.ID, w.Expires.UTC().Format(time.DateOnly), w.Owner, w.Reason))
		}
	}
	if e.Provenance != nil {
		p := e.Provenance.Definition.Parameters
		line("source", p.Source+"@"+p.Revision+map[bool]string{true: ", with changes that are not committed"}[p.Modified])
		line("base", p.Base)
		line("built by", e.Provenance.Run.Builder.ID)
		line("platforms", strings.Join(p.Platforms, ", "))
	}
	return table.Flush()
}

// formatNames are the SBOM's formats as people call them.
var formatNames = map[string]string{sign.CycloneDXPredicate: "CycloneDX", sign.SPDXPredicate: "SPDX"}
