package pipeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// Two waivers of one finding in two files end each for itself: the one that holds
// longer does not keep the other's file proven.
func TestWaiverOfOneFileEnds(t *testing.T) {
	entries := append(testimage.Debian()[:3:3], testimage.Regular("var/lib/dpkg/status.d/libc6", testimage.Stanza("libc6", "2.36-9+deb12u14", "Source: glibc\n")))
	program := testimage.Binary(t)
	w := newWorld(t, testimage.Image(t, testimage.Layer(t, append(entries, testimage.Program("usr/bin/a", program), testimage.Program("usr/bin/b", program))...)))
	today := w.now.Truncate(24 * time.Hour)
	for file, last := range map[string]time.Time{"usr/bin/a": today, "usr/bin/b": today.AddDate(1, 0, 0)} {
		w.Gate.Policy.Waivers = append(w.Gate.Policy.Waivers, policy.Waiver{
			ID: "CVE-2022-32149", Package: "golang.org/x/text", Path: file, Reason: "not reachable", Owner: "platform", Expires: last, At: file,
		})
	}
	report, err := w.Image(t.Context(), w.repository, w.build)
	check(t, err)
	image, err := w.Client.Digest(report.Image)
	check(t, err)
	wants := w.Requirements
	wants.Now = today.AddDate(0, 0, 1)
	_, err = sign.Verify(t.Context(), w.Store, image, w.Keys, wants)
	unproven, ok := errors.AsType[*sign.UnprovenError](err)
	if !ok || !unproven.Has(sign.WaiverExpired) || !strings.Contains(err.Error(), "CVE-2022-32149 in golang.org/x/text in the file usr/bin/a") {
		t.Errorf("%v, and the waiver of usr/bin/a ended yesterday", err)
	}
	// The next scan says it too.
	w.now = wants.Now
	if _, err := w.Image(t.Context(), w.repository, w.build); !errors.As(err, new(*pipeline.GateError)) {
		t.Errorf("%v", err)
	}
}
