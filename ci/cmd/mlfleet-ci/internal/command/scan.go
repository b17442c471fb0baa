package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/inventory"
	"github.com/mlfleet/mlfleet/ci/pipeline"
)

// scanFlags are those of "mlfleet-ci scan".
type scanFlags struct {
	proofFlags
	thirdParty string
	pinned     string
	attest     bool
	noPin      bool
	format     string
}

// scan is "mlfleet-ci scan".
func (a *app) scan() *cobra.Command {
	f := &scanFlags{}
	cmd := &cobra.Command{
		Use:   "scan IMAGE | --third-party ENV | --pinned ENV",
		Short: "Scan an image in a registry, and judge it by the policy",
		Long: `Scan looks for known vulnerabilities in an image's Debian or Ubuntu packages and Go
programs, and for secrets in its layers, on every platform, and judges what it finds
by the policy. A finding that blocks makes the exit code 1.

With --attest it signs the result and the SBOMs: beside the image where it is ours, and
otherwise in the repository of --evidence. A refusal is attested too, so that an image
that was proven until now no longer is.

--third-party takes every pin of an environment that is not ours: it looks up the digest
of a tag that nobody has pinned yet, scans, attests, and pins what passes. --pinned takes
every proven pin of an environment, ours too, and renews what is said about it.`,
		Example: `  mlfleet-ci scan ghcr.io/mlfleet/inference:main-1a2b3c4d5e6f
  mlfleet-ci scan --third-party staging
  mlfleet-ci scan --pinned production    # every night: advisories are newer than images
  mlfleet-ci scan ghcr.io/mlfleet/inference@sha256:9f86d0… --attest   # a younger scan
  mlfleet-ci scan nvcr.io/nvidia/tritonserver:25.10-py3 -o json | jq .findings`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.thirdParty != "" || f.pinned != "" {
				return arguments()(cmd, args)
			}
			return arguments("IMAGE")(cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(a, cmd)
	cmd.Flags().StringVar(&f.thirdParty, "third-party", "", "scan, attest and pin the images of others in the environment `ENV`")
	cmd.Flags().StringVar(&f.pinned, "pinned", "", "scan and attest every image that is pinned in the environment `ENV`")
	cmd.Flags().BoolVar(&f.attest, "attest", false, "sign the result and the SBOMs")
	cmd.Flags().BoolVar(&f.noPin, "no-pin", false, "with --third-party: pin nothing")
	output(cmd, &f.format)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if f.thirdParty != "" && f.pinned != "" {
			return misused(cmd.CommandPath(), "--third-party and --pinned exclude each other")
		}
		p, err := f.open(cmd.Context(), a, cmd, f.attest || f.thirdParty != "" || f.pinned != "")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		if f.thirdParty != "" || f.pinned != "" {
			return f.scanPins(cmd.Context(), a, p)
		}
		ref, err := p.where.ours.Reference(args[0])
		if err != nil {
			return misused(cmd.CommandPath(), "%v", err)
		}
		return f.scanOne(cmd.Context(), a, p, ref)
	}
	return cmd
}

// scanOne scans what a reference leads to now.
func (f *scanFlags) scanOne(ctx context.Context, a *app, p *proof, ref name.Reference) error {
	digest, ok := ref.(name.Digest)
	tag := ""
	if !ok {
		var err error
		if digest, err = p.where.ours.Resolve(ctx, ref); err != nil {
			return err
		}
		tag = ref.Identifier()
	}
	subject, err := pipeline.Pull(ctx, p.where.ours, digest, tag)
	if err != nil {
		return err
	}
	p.on(p.where.mine(digest.Context()), &f.trust, a, subject)
	do := p.Scan
	if p.Signer != nil {
		do = p.Prove
	}
	report, err := do(ctx, subject)
	return errors.Join(a.print(report, f.format), err)
}

// scanPins takes an environment's pins one after the other; what fails does not
// keep it from the others.
func (f *scanFlags) scanPins(ctx context.Context, a *app, p *proof) error {
	environment := cmp.Or(f.thirdParty, f.pinned)
	pins, err := inventory.ReadPins(os.DirFS(a.dir), environment)
	if err != nil {
		return err
	}
	var failed []error
	for _, key := range slices.Sorted(maps.Keys(pins)) {
		pin := pins[key]
		repository, err := name.NewRepository(pin.Image)
		if err != nil {
			return input(fmt.Errorf("the pin %s of %s: %w", key, environment, err))
		}
		if f.thirdParty != "" && p.where.mine(repository) || f.pinned != "" && !pin.Proven() {
			continue
		}
		if err := f.scanPin(ctx, a, p, &pin, repository); err != nil {
			failed = append(failed, fmt.Errorf("%s of %s: %w", key, environment, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func (f *scanFlags) scanPin(ctx context.Context, a *app, p *proof, pin *inventory.Pin, repository name.Repository) (err error) {
	a.say("%s: %s", pin.Name, pin.Ref())
	p.Pin = nil
	if f.thirdParty != "" && !f.noPin {
		if p.Pin, err = a.pinner(f.mlfleet, f.thirdParty, pin.Name); err != nil {
			return err
		}
	}
	digest := repository.Digest(pin.Digest)
	if !pin.Proven() {
		if digest, err = p.where.ours.Resolve(ctx, repository.Tag(pin.Tag)); err != nil {
			return err
		}
	}
	subject, err := pipeline.Pull(ctx, p.where.ours, digest, pin.Tag)
	if err != nil {
		return err
	}
	p.on(p.where.mine(repository), &f.trust, a, subject)
	report, err := p.Prove(ctx, subject)
	return errors.Join(a.print(report, f.format), err)
}
