package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/inventory"
)

// images is "mlfleet-ci images".
func (a *app) images() *cobra.Command {
	var places placeFlags
	var trust trustFlags
	var format string
	cmd := &cobra.Command{
		Use:   "images",
		Short: "List every image that runs or is pinned, and what is proven of it",
		Long: `Images lists the images in golden/manifests and environments/*/images.yaml with
environment, digest, age of the scan, findings, waivers and signature. An image that
nothing proves is a finding: the exit code is 1.`,
		Example: `  mlfleet-ci images
  mlfleet-ci images --registry ghcr.io -o json | jq '.images[] | select(.unproven)'`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	places.add(a, cmd)
	trust.add(cmd)
	addPolicy(cmd, &trust.policy)
	output(cmd, &format)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		inv, err := inventory.Read(a.dir)
		if err != nil {
			return err
		}
		if err := a.verifyAll(cmd, inv, &places, &trust); err != nil {
			return err
		}
		if format == "json" {
			err = inv.JSON(a.stdout)
		} else {
			err = inv.Text(a.stdout, a.clock())
		}
		if err != nil {
			return fmt.Errorf("cannot write to standard output: %w", err)
		}
		if len(inv.Findings) > 0 {
			return errFound
		}
		return nil
	}
	return cmd
}

// verifyAll asks registries, where there is anything to ask.
func (a *app) verifyAll(cmd *cobra.Command, inv *inventory.Inventory, places *placeFlags, trust *trustFlags) (err error) {
	pinned := false
	for _, i := range inv.Images {
		pinned = pinned || i.Pinned()
	}
	if !pinned {
		return nil
	}
	where, err := places.open(cmd.Context(), a, cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, where.Close()) }()
	look, err := trust.verifier(cmd.Context(), a, cmd, where)
	if err != nil {
		return err
	}
	return inv.Verify(cmd.Context(), look)
}
