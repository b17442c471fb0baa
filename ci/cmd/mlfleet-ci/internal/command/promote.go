package command

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/promote"
)

// promoted is what "promote -o json" prints.
type promoted struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
	Image   string `json:"image"`
	Before  string `json:"before"`
	Changed bool   `json:"changed"`
}

// promote is "mlfleet-ci promote".
func (a *app) promote() *cobra.Command {
	var places placeFlags
	var trust trustFlags
	var from, to, mlfleet, format string
	cmd := &cobra.Command{
		Use:   "promote NAME --from ENV --to ENV",
		Short: "Copy a proven image from one environment to another",
		Long: `Promote writes an image's digest from one environment's images.yaml to another's, and
only if its signature, its SBOM, its scan and its origin verify. 'mlfleet generate'
then brings golden/ up to date.`,
		Example: `  mlfleet-ci promote inference --from staging --to production
  mlfleet-ci promote inference --from staging --to production --max-scan-age 48h -o json`,
		Args:              arguments("NAME"),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&from, "from", "", "take the digest of the environment `ENV`")
	cmd.Flags().StringVar(&to, "to", "", "write it to the environment `ENV`")
	places.add(a, cmd)
	trust.add(cmd)
	addPolicy(cmd, &trust.policy)
	addMlfleet(cmd, &mlfleet)
	output(cmd, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if from == "" || to == "" {
			return misused(cmd.CommandPath(), "--from and --to are both needed")
		}
		if from == to {
			return misused(cmd.CommandPath(), "--from and --to are both %q", from)
		}
		p := &promote.Promotion{Dir: a.dir, Name: args[0], From: from, To: to}
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("looking for mlfleet: %w", err)
		}
		if p.Mlfleet, err = promote.Find(mlfleet, self); err != nil {
			return err
		}
		where, err := places.open(cmd.Context(), a, cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, where.Close()) }()
		if p.Verify, err = trust.verifier(cmd.Context(), a, cmd, where); err != nil {
			return err
		}
		result, err := p.Run(cmd.Context())
		if err != nil {
			return err
		}
		if format == "json" {
			return a.printJSON(promoted{p.Name, from, to, result.Image, result.Before, result.Changed})
		}
		if err := a.printEvidence(result.Evidence, format); err != nil {
			return err
		}
		if !result.Changed {
			fmt.Fprintf(a.stdout, "\n%s has %s already\n", to, result.Image)
			return nil
		}
		fmt.Fprintf(a.stdout, "\n%s: %s is %s; run 'mlfleet generate'\n", to, p.Name, result.Image)
		return nil
	}
	return cmd
}
