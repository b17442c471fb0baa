package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/registry"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// Everything is said about an image, once; the second run writes nothing.
func TestImage(t *testing.T) {
	w := newWorld(t, clean(t))
	first, err := w.Image(t.Context(), w.repository, w.build)
	check(t, err)
	if first.Signatures != (pipeline.Changes{Written: 3}) || first.Attestations != (pipeline.Changes{Written: 6}) {
		t.Errorf("the first run: signatures %v, attestations %v", first.Signatures, first.Attestations)
	}
	if len(w.pins) != 1 || w.pins[0] != first.Image || !strings.HasPrefix(first.Image, ours+":main-1a2b3c4d5e6f@sha256:") {
		t.Errorf("pinned %q, the image is %s", w.pins, first.Image)
	}
	ref, err := w.Client.Digest(first.Image)
	check(t, err)
	requirements := w.Requirements
	requirements.Now = w.now
	evidence, err := sign.Verify(t.Context(), w.Store, ref, w.Keys, requirements)
	if err != nil {
		t.Fatal(err)
	}
	p := evidence.Provenance.Definition
	if p.Parameters.Revision != revision || p.Parameters.Base != "debian" || !slices.Equal(p.Parameters.Platforms, []string{"linux/amd64", "linux/arm64"}) ||
		len(p.Dependencies) != 1 || evidence.Provenance.Run.Builder.ID != "https://example.com/builder" {
		t.Errorf("provenance: %+v", p)
	}
	if result := evidence.Scan.Scanner.Result; !result.Passed || result.Count()["UNKNOWN"] != 1 || result.Policy.Gate != "HIGH" || len(result.Platforms) != 2 {
		t.Errorf("scan: %+v", result)
	}
	tag, err := w.Client.Resolve(t.Context(), w.repository.Tag("main-1a2b3c4d5e6f"))
	if err != nil || tag.DigestStr() != first.Digest {
		t.Errorf("the tag leads to %s, %v", tag, err)
	}

	w.now = w.now.Add(time.Hour)
	second, err := w.Image(t.Context(), w.repository, w.build)
	check(t, err)
	if second.Digest != first.Digest || second.Signatures != (pipeline.Changes{Kept: 3}) || second.Attestations != (pipeline.Changes{Kept: 6}) {
		t.Errorf("the second run: %s, signatures %v, attestations %v", second.Digest, second.Signatures, second.Attestations)
	}

	// After a day the scan is said again, so that it does not grow old.
	w.now = w.now.Add(pipeline.Renew)
	third, err := w.Image(t.Context(), w.repository, w.build)
	check(t, err)
	if third.Digest != first.Digest || third.Attestations.Written == 0 {
		t.Errorf("a day later: %s, attestations %v", third.Digest, third.Attestations)
	}
}

// What the policy refuses is neither pushed nor signed nor pinned.
func TestGateStops(t *testing.T) {
	w := newWorld(t, testimage.Vulnerable(t))
	report, err := w.Image(t.Context(), w.repository, w.build)
	refused, ok := errors.AsType[*pipeline.GateError](err)
	if !ok {
		t.Fatalf("the error is %v", err)
	}
	if text := refused.Verdict.Text(); !strings.Contains(text, "BLOCKED") || !strings.Contains(text, "CVE-2022-32149") {
		t.Errorf("the verdict is %s", text)
	}
	if n := w.writes.Load(); n > 0 || len(w.pins) > 0 {
		t.Errorf("%d writes, pins %q", n, w.pins)
	}
	if last := report.Steps[len(report.Steps)-1]; last.Name != "scan" {
		t.Errorf("it went on to %s", last.Name)
	}
}

// A registry that fails at any one of the writes: a clear error, no pin, no tag;
// and the next run completes.
func TestBrokenRegistry(t *testing.T) {
	counted := newWorld(t, clean(t))
	_, err := counted.Image(t.Context(), counted.repository, counted.build)
	check(t, err)
	writes := counted.writes.Load()
	if writes < 20 {
		t.Fatalf("a run writes %d times only", writes)
	}
	check(t, counted.Gate.DB.Close()) // one at a time
	w := newWorld(t, clean(t))
	for n := int64(1); n <= writes; n++ {
		w.restart()
		w.failFrom = n
		report, err := w.Image(t.Context(), w.repository, w.build)
		switch {
		case err == nil:
			t.Fatalf("write %d of %d fails, and the run does not: %+v", n, writes, report)
		case !strings.Contains(err.Error(), "500 Internal Server Error") && !strings.Contains(err.Error(), "disk is full"):
			t.Errorf("write %d: the error is %v", n, err)
		case len(w.pins) > 0:
			t.Fatalf("write %d: pinned %q", n, w.pins)
		}
		if tag, err := w.Client.Resolve(t.Context(), w.repository.Tag("main-1a2b3c4d5e6f")); err == nil {
			t.Fatalf("write %d: the tag leads to %s", n, tag)
		}
		w.failFrom = 0
		if _, err := w.Image(t.Context(), w.repository, w.build); err != nil || len(w.pins) != 1 {
			t.Fatalf("after write %d: %v, pins %q", n, err, w.pins)
		}
	}
}

// A signer whom nobody believes is refused by verify: no tag, no pin.
func TestOtherKey(t *testing.T) {
	w := newWorld(t, clean(t))
	other := newKey(t)
	w.Keys = []sign.Key{other}
	_, err := w.Image(t.Context(), w.repository, w.build)
	unproven, ok := errors.AsType[*sign.UnprovenError](err)
	if !ok || !unproven.Has(sign.OtherKey) || len(w.pins) > 0 {
		t.Errorf("%v, pins %q", err, w.pins)
	}
	if _, err := w.Client.Resolve(t.Context(), w.repository.Tag("main-1a2b3c4d5e6f")); err == nil {
		t.Error("the tag was moved")
	}
}

// An interrupted run stops before its next step.
func TestInterrupted(t *testing.T) {
	w := newWorld(t, clean(t))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.Image(ctx, w.repository, func(ctx context.Context, note func(string)) (*pipeline.Built, error) {
		defer cancel()
		return w.build(ctx, note)
	})
	if !errors.Is(err, context.Canceled) || len(w.pins) > 0 || w.writes.Load() > 0 {
		t.Errorf("%v, %d writes, pins %q", err, w.writes.Load(), w.pins)
	}
}

// A pin that fails is the run's failure.
func TestPinFails(t *testing.T) {
	w := newWorld(t, clean(t))
	full := errors.New("the disk is full")
	w.Pin = func(context.Context, string) (bool, error) { return false, full }
	report, err := w.Image(t.Context(), w.repository, w.build)
	if !errors.Is(err, full) || report.Pinned != nil {
		t.Errorf("%v, %+v", err, report.Pinned)
	}
}

// A secret in a layer stops an image whatever the severities say.
func TestSecretStops(t *testing.T) {
	w := newWorld(t, clean(t, "github = ghp_"+strings.Repeat("aB3dE6", 6)+"\n"))
	_, err := w.Image(t.Context(), w.repository, w.build)
	if _, ok := errors.AsType[*pipeline.GateError](err); !ok || w.writes.Load() > 0 {
		t.Errorf("%v, %d writes", err, w.writes.Load())
	}
}

// An image of which only one half is there cannot be pulled to be proven.
func TestPullMissing(t *testing.T) {
	w := newWorld(t, clean(t))
	_, err := pipeline.Pull(t.Context(), w.Client, w.repository.Digest("sha256:"+strings.Repeat("d", 64)), "")
	if _, ok := errors.AsType[*registry.Error](err); !ok {
		t.Errorf("the error is %v", err)
	}
}
