package argocd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/mlfleet/mlfleet/e2e/watching"
)

// Sync is one sync operation of an Application, as far as it got.
type Sync struct {
	Application string
	Operation
}

// Applied reports whether the operation changed objects. A rolling sync tells Argo CD to
// sync again until it sees an Application's new state, and such a repetition finds nothing
// to do.
func (s Sync) Applied() bool { return len(s.Result.Resources) > 0 }

// Recorder notes every sync operation that Argo CD starts.
type Recorder struct {
	mu    sync.Mutex
	known map[string]metav1.Time // the start of each Application's last operation
	syncs []*Sync
	watch *watching.Watch
}

// Record starts to note sync operations. Those that have begun before do not count.
func (a *ArgoCD) Record(ctx context.Context) (*Recorder, error) {
	list, err := a.Resource(Applications).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing Applications: %w", err)
	}
	r := &Recorder{known: map[string]metav1.Time{}}
	for i := range list.Items {
		if app, err := Parse(&list.Items[i]); err != nil {
			return nil, err
		} else if app.Status.Operation != nil {
			r.known[app.Metadata.Name] = app.Status.Operation.StartedAt
		}
	}
	r.watch, err = watching.Start(ctx, a.Resource(Applications), metav1.ListOptions{ResourceVersion: list.GetResourceVersion()},
		func(_ watch.EventType, o *unstructured.Unstructured) error {
			app, err := Parse(o)
			if err == nil {
				r.note(app)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("watching Applications: %w", err)
	}
	return r, nil
}

func (r *Recorder) note(app *Application) {
	o := app.Status.Operation
	if o == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := app.Metadata.Name
	if before := r.known[name]; o.StartedAt.Equal(&before) {
		for _, s := range slices.Backward(r.syncs) {
			if s.Application == name {
				s.Operation = *o
				return
			}
		}
		return // it began before we did
	}
	r.known[name] = o.StartedAt
	r.syncs = append(r.syncs, &Sync{name, *o})
}

// noted gives the operations up to now, in the order in which they began.
func (r *Recorder) noted() []Sync {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Sync, len(r.syncs))
	for i, s := range r.syncs {
		all[i] = *s
	}
	slices.SortStableFunc(all, func(a, b Sync) int { return cmp.Compare(a.StartedAt.Unix(), b.StartedAt.Unix()) })
	return all
}

// Stop ends the recording and gives all that was noted.
func (r *Recorder) Stop() ([]Sync, error) {
	if err := r.watch.Stop(); err != nil {
		return nil, fmt.Errorf("watching Applications: %w", err)
	}
	return r.noted(), nil
}

// Names are the Applications of some operations, each once, sorted.
func Names(syncs []Sync) []string {
	var names []string
	for _, s := range syncs {
		names = append(names, s.Application)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
