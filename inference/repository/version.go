package repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/ngram"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/sums"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// modelFile is the name of the model in a version's folder.
const modelFile = "model.onnx"

// A Version is one version of one model, loaded and warm.
type Version struct {
	Model, Name string
	Config      *modelconfig.Config
	Signature   *signature.Signature
	// SHA256 is that of the SHA256SUMS file, or "" if there is none.
	SHA256 string
	// Text encodes the texts of /predict; nil if the model takes none.
	Text *TextPipe

	meter   batch.Meter
	calls   *batch.Pool
	batcher *batch.Batcher
	session *backend.Session
	runner  *backend.Runner
	print   fingerprint
	users   sync.WaitGroup
}

// A TextPipe says where a model's text goes in and its answer comes out.
type TextPipe struct {
	Encoder       *ngram.Encoder
	Input, Output int
	Labels        []string
}

// Call returns a call for this version; see batch.Pool.
func (v *Version) Call() *batch.Call { return v.calls.Get() }

// Do runs a call; see batch.Batcher.
func (v *Version) Do(ctx context.Context, c *batch.Call) error { return v.batcher.Do(ctx, c) }

// Meter is what the options' Meter made for this version.
func (v *Version) Meter() batch.Meter { return v.meter }

// Queued is the number of calls that wait for this version.
func (v *Version) Queued() int { return v.batcher.Queued() }

// Stalled is how long the version's current run has been going on.
func (v *Version) Stalled() time.Duration { return v.batcher.Stalled() }

// Release ends a use that Acquire began.
func (v *Version) Release() { v.users.Done() }

// A fingerprint tells whether the files of a version were replaced: path, size
// and time of each. All files count, because a large model keeps its weights in
// files beside model.onnx.
type fingerprint string

func printOf(dir string) fingerprint {
	var b strings.Builder
	// An error leaves the fingerprint short, and so unlike that of a whole folder.
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(p)
		if err == nil {
			fmt.Fprintf(&b, "%q %d %d\n", p, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	return fingerprint(b.String())
}

// load loads the version in dir and warms it up. ctx can end it between two steps
// of the runtime, which itself takes no such hint.
func (r *Repository) load(ctx context.Context, model, version, dir string) (_ *Version, err error) {
	started := time.Now()
	v := &Version{Model: model, Name: version, print: printOf(dir)}
	v.SHA256, err = sums.Verify(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) && !r.opts.RequireSums {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if v.Config, err = modelconfig.Read(filepath.Join(dir, "config.json")); err != nil {
		return nil, err
	}
	if v.Config.Name != "" && v.Config.Name != model {
		return nil, fmt.Errorf("config.json is that of model %q", v.Config.Name)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	v.session, err = r.opts.Device.Load(filepath.Join(dir, modelFile), v.Config, r.opts.Batch.MaxRows)
	if err != nil {
		return nil, err
	}
	v.Signature = v.session.Signature
	v.runner = v.session.NewRunner()
	defer func() {
		if err != nil {
			v.runner.Close()
			v.session.Close()
		}
	}()
	if v.Text, err = textPipe(v.Config.Text, v.Signature); err != nil {
		return nil, err
	}
	ran, of, err := v.runner.WarmUp(ctx, r.opts.WarmUp)
	if err != nil {
		return nil, err
	}
	if ran < of {
		slog.Warn("warm-up ran out of time; the first requests of some sizes will be slower",
			"model", model, "version", version, "ran", ran, "of", of, "limit", r.opts.WarmUp.String())
	}
	v.calls = batch.NewPool(len(v.Signature.Inputs), len(v.Signature.Outputs))
	opts := r.opts.Batch
	opts.MaxRows = v.Signature.MaxRows
	v.meter = r.opts.Meter(v)
	v.batcher = batch.New(v.runner, v.meter, opts)
	slog.Info("model loaded", "model", model, "version", version, "device", r.opts.Device.String(),
		"sha256", v.SHA256, "batched", v.Signature.Batched, "max_rows", v.Signature.MaxRows,
		"warmed_up", ran, "took", time.Since(started).Round(time.Millisecond).String())
	return v, nil
}

func textPipe(t *modelconfig.Text, sig *signature.Signature) (*TextPipe, error) {
	if t == nil {
		return nil, nil
	}
	enc, err := ngram.New(t.Features)
	if err != nil {
		return nil, fmt.Errorf("config.json: text.features: %w", err)
	}
	p := &TextPipe{Encoder: enc, Input: sig.Input([]byte(t.Input)), Output: sig.Output([]byte(t.Output)), Labels: t.Labels}
	if p.Input < 0 || p.Output < 0 {
		return nil, fmt.Errorf("config.json: the model has no input %q or no output %q", t.Input, t.Output)
	}
	in, out := sig.Inputs[p.Input], sig.Outputs[p.Output]
	switch {
	case len(sig.Inputs) != 1:
		return nil, fmt.Errorf("config.json: a text model has one input, this one has %d", len(sig.Inputs))
	case in.Type != tensor.Int64 || len(in.Shape) != 2 || in.Shape[0] > 1 || in.Shape[1] != tensor.Any:
		return nil, fmt.Errorf("config.json: text input %q must be INT64 [batch, length], it is %s %v", in.Name, in.Type, in.Shape)
	case out.Type != tensor.FP32 || len(out.Shape) != 2 || out.Shape[0] > 1 || out.Shape[1] != int64(len(t.Labels)):
		return nil, fmt.Errorf("config.json: text output %q must be FP32 [batch, %d], it is %s %v", out.Name, len(t.Labels), out.Type, out.Shape)
	}
	return p, nil
}

// close waits for the version's users and frees it.
func (v *Version) close() {
	v.users.Wait()
	v.batcher.Close()
	v.runner.Close()
	if err := v.session.Close(); err != nil {
		slog.Warn("a model did not close", "model", v.Model, "version", v.Name, "error", err)
	}
	slog.Info("model unloaded", "model", v.Model, "version", v.Name)
}
