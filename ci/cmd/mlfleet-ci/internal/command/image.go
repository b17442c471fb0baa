package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/image"
	"github.com/mlfleet/mlfleet/ci/pipeline"
)

// imageFlags are those of "mlfleet-ci image".
type imageFlags struct {
	proofFlags
	base          string
	gpu           bool
	architectures []string
	environment   string
	pin           string
	noPin         bool
	refFile       string
	format        string
}

// image is "mlfleet-ci image".
func (a *app) image() *cobra.Command {
	f := &imageFlags{}
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Build the inference server's image, scan it, sign it, and pin it",
		Long: `Image builds the image from what is committed, scans it, lists what is in it, pushes and
signs it, says where it comes from, verifies all that as everybody else will, and only
then moves its tag and writes its digest to environments/ENV/images.yaml. What fails on
the way leaves tag and pin as they were. The same commit gives the same digest.

Git must know the whole history. The base is made of the Debian packages in
ci/debian.lock, or it is an image that somebody else published, by digest.`,
		Example: `  mlfleet-ci image
  mlfleet-ci image --registry ghcr.io --key env://MLFLEET_SIGNING_KEY
  mlfleet-ci image --gpu --base nvcr.io/nvidia/cuda@sha256:9f86d0… --no-pin
  mlfleet-ci image --architectures amd64 --allow-dirty --no-pin   # to try a change`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(a, cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.base, "base", "debian", "build on `REF@SHA`, or on the locked packages of debian")
	flags.BoolVar(&f.gpu, "gpu", false, "add ONNX Runtime's CUDA and TensorRT providers; the base must have CUDA")
	flags.StringSliceVar(&f.architectures, "architectures", nil, "build for these `ARCHITECTURES` (default amd64,arm64; with --gpu amd64)")
	flags.StringVar(&f.environment, "environment", "staging", "pin the image in the environment `ENV`")
	flags.StringVar(&f.pin, "pin", "inference", "write the pin `NAME`")
	flags.BoolVar(&f.noPin, "no-pin", false, "pin nothing")
	flags.StringVar(&f.refFile, "ref-file", "", "write the image's name, tag and digest to `FILE` once it is proven")
	output(cmd, &f.format)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		ctx := cmd.Context()
		p, err := f.open(ctx, a, cmd, true)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		if !f.noPin {
			if p.Pin, err = a.pinner(f.mlfleet, f.environment, f.pin); err != nil {
				return err
			}
		}
		p.Store = p.where.store(p.where.repository)
		p.Requirements = f.trust.requirements(true, p.Gate.Policy, a.clock())
		report, err := p.Image(ctx, p.where.repository, f.build(a, cmd, p.where))
		if err == nil && f.refFile != "" {
			err = os.WriteFile(f.refFile, []byte(report.Image+"\n"), 0o644)
		}
		return errors.Join(a.print(report, f.format), err)
	}
	return cmd
}

// build is the pipeline's first step.
func (f *imageFlags) build(a *app, cmd *cobra.Command, where *registries) pipeline.Build {
	return func(ctx context.Context, note func(string)) (*pipeline.Built, error) {
		root, err := filepath.Abs(a.dir)
		if err != nil {
			return nil, fmt.Errorf("finding the repository: %w", err)
		}
		cache, err := filepath.Abs(a.at(cmd, "cache"))
		if err != nil {
			return nil, fmt.Errorf("finding the cache: %w", err)
		}
		result, err := image.Build{
			Root: root, Architectures: f.architectures, Base: f.base, GPU: f.gpu,
			AllowDirty: f.trust.allowDirty, Cache: cache, Client: where.outside,
			Progress: func(step string, took time.Duration) { note(fmt.Sprintf("%s: %.1f s", step, took.Seconds())) },
		}.Run(ctx)
		if err != nil {
			return nil, err
		}
		return f.built(result), nil
	}
}

// built says what was built in the pipeline's words.
func (f *imageFlags) built(r *image.Result) *pipeline.Built {
	m := r.Metadata
	b := &pipeline.Built{
		Index: r.Index, Tag: m.Tag(), Source: m.Source, Revision: m.Revision, Modified: m.Dirty, Base: f.base,
	}
	for _, p := range r.Images {
		b.Images = append(b.Images, pipeline.Platform{Name: "linux/" + p.Arch, Image: p.Image})
	}
	for _, l := range r.Layers {
		b.Layers = append(b.Layers, pipeline.Layer{
			Name: l.Name, Platform: "linux/" + l.Architecture, Digest: l.Digest.String(), Size: l.Size, Reused: l.Reused,
		})
	}
	for _, m := range r.Materials {
		b.Materials = append(b.Materials, pipeline.Material{URI: m.URI, Digest: m.Digest})
	}
	return b
}
