package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/mlfleet/mlfleet/inference/artifact"
	"github.com/mlfleet/mlfleet/inference/settings"
)

// fetch is the command. It is what the init container of both runtimes runs.
func fetch(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("fetch", flag.ContinueOnError)
	var (
		o         artifact.Options
		uri       string
		s3        artifact.S3Options
		limit     time.Duration
		maxBytes  settings.Bytes = 100 << 30
		logLevel  slog.Level
		logFormat string
	)
	fs.StringVar(&uri, "artifact-uri", "", "where the artifact is: s3://bucket/prefix or file:///folder")
	fs.StringVar(&o.SHA256, "artifact-sha256", "", "the `sha256` of the artifact's SHA256SUMS file, in hex")
	fs.StringVar(&o.Root, "model-repository", "/models", "the `folder` to fetch into")
	fs.StringVar(&o.Model, "model-name", "", "the model's `name`")
	fs.StringVar(&o.Version, "model-version", "", "the model's `version`")
	fs.StringVar(&s3.Endpoint, "s3-endpoint", cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL")), "`URL` of an object store that is not AWS, or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL")
	fs.StringVar(&s3.Region, "aws-region", os.Getenv("AWS_DEFAULT_REGION"), "the bucket's `region`")
	fs.DurationVar(&limit, "fetch-timeout", 15*time.Minute, "`time` after which to give up; 0 is never")
	fs.DurationVar(&o.Patience, "fetch-patience", 30*time.Second, "`time` without a byte after which a download is begun again")
	fs.DurationVar(&o.Backoff, "fetch-backoff", time.Second, "first `wait` before another try; it doubles up to a minute")
	fs.Var(&maxBytes, "max-artifact-bytes", "most `bytes` that the artifact may have")
	if err := parse(fs, args, &logLevel, &logFormat); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"artifact-uri": uri, "artifact-sha256": o.SHA256, "model-name": o.Model, "model-version": o.Version,
	} {
		if value == "" {
			return &usageError{fmt.Errorf("--%s (%s) is required", name, settings.Env(name))}
		}
	}
	o.MaxBytes = int64(maxBytes)
	if o.Patience <= 0 || o.Backoff <= 0 {
		return &usageError{errors.New("--fetch-patience and --fetch-backoff must be positive")}
	}
	source, err := artifact.NewSource(uri, s3)
	if err != nil {
		return &usageError{err}
	}
	o.Source = source
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %s", limit))
		defer cancel()
	}
	if err := artifact.Fetch(ctx, o); err != nil {
		return fmt.Errorf("fetch %s: %w", uri, err)
	}
	return nil
}
