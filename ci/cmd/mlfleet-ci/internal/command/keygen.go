package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// keygen is "mlfleet-ci keygen".
func (a *app) keygen() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen PREFIX",
		Short: "Make a key pair to sign with",
		Long: `Keygen writes PREFIX.key, the private key (ECDSA P-256, encrypted as cosign does it
with the password in COSIGN_PASSWORD, if that is set), and PREFIX.pub, the public one. It
overwrites nothing. The private key goes to the CI's secrets as MLFLEET_SIGNING_KEY, and
the public one into ci/keys/, where it is reviewed.`,
		Example: `  COSIGN_PASSWORD="$(pass mlfleet/cosign)" mlfleet-ci keygen /secure/mlfleet
  cp /secure/mlfleet.pub ci/keys/`,
		Args:              arguments("PREFIX"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := sign.GenerateKey(args[0], []byte(a.getenv(sign.PasswordVariable)))
			if err != nil {
				return err
			}
			if a.getenv(sign.PasswordVariable) == "" {
				a.say("%s is not set: the private key is not encrypted", sign.PasswordVariable)
			}
			fmt.Fprintf(a.stdout, "%s.key\n%s.pub: key %s\n", args[0], args[0], key.ID[:12])
			return nil
		},
	}
}
