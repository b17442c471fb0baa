package cases

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/argocd"
)

// turn is an Application's part in a rollout: from the start of its sync until its objects
// work. Times are whole seconds, as Argo CD writes them.
type turn struct {
	application  string
	began, ended metav1.Time
}

// inOrder checks that the operations in an environment kept to its rolling sync: the canary
// region worked again before any other began, and it was never the turn of more than half
// of the others, or of one.
func inOrder(t *testing.T, syncs []argocd.Sync, environment, canary string) {
	var first, others []turn
	for _, s := range syncs {
		_, cluster := cutLast(s.Application)
		if !strings.HasSuffix(cluster, environment) {
			continue
		}
		turn, err := turnOf(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(cluster, canary) {
			first = append(first, turn)
		} else {
			others = append(others, turn)
		}
	}
	if len(first) == 0 {
		t.Fatalf("no sync in %s of the canary region %s: %v", environment, canary, syncs)
	}
	most := max(1, len(others)/2)
	for _, o := range others {
		for _, f := range first {
			if o.began.Time.Before(f.ended.Time) {
				t.Errorf("%s began at %s, before %s of the canary region ended at %s", o.application, o.began, f.application, f.ended)
			}
		}
		atWork := 0
		for _, p := range others {
			if !p.began.Time.After(o.began.Time) && p.ended.Time.After(o.began.Time) {
				atWork++
			}
		}
		if atWork > most {
			t.Errorf("it was the turn of %d of %d Applications at %s, want %d at most", atWork, len(others), o.began, most)
		}
	}
}

// turnOf is the turn of an Application that has been synced once and is healthy by now.
func turnOf(t *testing.T, s argocd.Sync) (turn, error) {
	a, err := the.Argo.Get(testContext(t), s.Application)
	if err != nil {
		return turn{}, err
	}
	healthy := a.Status.Health.LastTransitionTime
	if healthy.Before(&s.FinishedAt) {
		return turn{}, fmt.Errorf("%s was synced at %s and is said to be healthy since %s: its sync moved nothing", s.Application, s.FinishedAt, healthy)
	}
	return turn{s.Application, s.StartedAt, healthy}, nil
}
