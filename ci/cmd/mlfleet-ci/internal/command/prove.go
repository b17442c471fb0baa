package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/inventory"
	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/promote"
)

// proofFlags are those of the commands that judge an image and may sign it.
type proofFlags struct {
	places  placeFlags
	trust   trustFlags
	gate    gateFlags
	key     string
	mlfleet string
}

func (f *proofFlags) add(a *app, cmd *cobra.Command) {
	f.places.add(a, cmd)
	f.trust.add(cmd)
	f.gate.add(cmd)
	cmd.Flags().StringVar(&f.key, "key", "", "sign with the private key at `REF`: a file or env://NAME, with its password in COSIGN_PASSWORD;\nwithout it: the one in $"+signingKey)
	addMlfleet(cmd, &f.mlfleet)
}

func addMlfleet(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "mlfleet", "", "write pins with the mlfleet at `PATH`; without it: the one beside this program, in ../bin, or on PATH")
}

// proof is a pipeline with everything that it holds open.
type proof struct {
	*pipeline.Pipeline
	where *registries
}

// open opens what judging needs, and what signing needs where attest is set.
func (f *proofFlags) open(ctx context.Context, a *app, cmd *cobra.Command, attest bool) (*proof, error) {
	if err := f.trust.sensible(cmd); err != nil {
		return nil, err
	}
	where, err := f.places.open(ctx, a, cmd)
	if err != nil {
		return nil, err
	}
	p := &proof{&pipeline.Pipeline{Client: where.ours, Clock: a.clock, Progress: a.progress(), Builder: a.builder()}, where}
	if attest {
		err = f.sign(ctx, a, cmd, p)
	}
	if err == nil {
		p.Gate, err = f.gate.open(ctx, a, cmd, where)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// sign opens the keys of both sides.
func (f *proofFlags) sign(ctx context.Context, a *app, cmd *cobra.Command, p *proof) (err error) {
	if p.Signer, err = a.signer(ctx, cmd, f.key, p.where); err != nil {
		return err
	}
	if p.Keys, err = f.trust.public(ctx, a, cmd, p.where); err != nil {
		return err
	}
	return trusted(cmd.CommandPath(), p.Signer, p.Keys)
}

// on aims the pipeline at an image, whose evidence lies where images of its
// repository have theirs.
func (p *proof) on(mine bool, f *trustFlags, a *app, s *pipeline.Subject) {
	p.Store = p.where.store(s.Digest.Context())
	p.Requirements = f.requirements(mine, p.Gate.Policy, a.clock())
}

func (p *proof) Close() error {
	var err error
	if p.Gate != nil && p.Gate.DB != nil {
		err = p.Gate.DB.Close()
	}
	return errors.Join(err, p.where.Close())
}

// builder says who runs this: what the CI says, or a laptop.
func (a *app) builder() *pipeline.Builder {
	switch {
	case a.getenv("GITHUB_ACTIONS") == "true":
		server, run := a.getenv("GITHUB_SERVER_URL"), a.getenv("GITHUB_RUN_ID")
		return &pipeline.Builder{
			ID:  server + "/" + a.getenv("GITHUB_WORKFLOW_REF"),
			Run: server + "/" + a.getenv("GITHUB_REPOSITORY") + "/actions/runs/" + run, RunID: run,
		}
	case a.getenv("GITLAB_CI") == "true":
		return &pipeline.Builder{
			ID: "https://" + a.getenv("CI_CONFIG_REF_URI"), Run: a.getenv("CI_JOB_URL"), RunID: a.getenv("CI_JOB_ID"),
		}
	}
	return &pipeline.Builder{ID: "https://mlfleet.dev/ci/laptop"}
}

// pinner writes a pin of an environment, with mlfleet. It fails now where there is
// no such pin, or no mlfleet.
func (a *app) pinner(mlfleet, environment, pin string) (func(context.Context, string) (bool, error), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for mlfleet: %w", err)
	}
	program, err := promote.Find(mlfleet, self)
	if err != nil {
		return nil, err
	}
	if _, err := a.pinOf(environment, pin); err != nil {
		return nil, err
	}
	return func(ctx context.Context, ref string) (bool, error) {
		before, err := a.pinOf(environment, pin)
		if err != nil || before.Proven() && before.Ref() == ref {
			return false, err
		}
		_, err = promote.Pin(ctx, program, a.dir, environment, pin, ref)
		return err == nil, err
	}, nil
}

func (a *app) pinOf(environment, pin string) (inventory.Pin, error) {
	pins, err := inventory.ReadPins(os.DirFS(a.dir), environment)
	if err != nil {
		return inventory.Pin{}, err
	}
	found, ok := pins[pin]
	if !ok {
		return found, &inputError{fmt.Errorf("environments/%s/images.yaml has no pin %s: add it with 'mlfleet pin %s %s REF@DIGEST --add'", environment, pin, environment, pin)}
	}
	return found, nil
}

// print shows a report, and what the policy says.
func (a *app) print(r *pipeline.Report, format string) error {
	if format == "json" {
		return a.printJSON(r)
	}
	if err := r.Text(a.stdout); err != nil {
		return fmt.Errorf("cannot write to standard output: %w", err)
	}
	if r.Verdict == nil {
		return nil
	}
	fmt.Fprintf(a.stdout, "\n%s", r.Verdict.Text())
	if a.verbose {
		for _, j := range r.Verdict.Reported {
			fmt.Fprintf(a.stdout, "below    [%s] %s\n", j.Platform, j.Text)
		}
	}
	return nil
}
