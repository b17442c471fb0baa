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
)

// Sync is one sync operation of an Application, as far as it got.
type Sync struct {
	Application string
	Operation
}

// Recorder notes every sync operation that Argo CD starts.
type Recorder struct {
	mu      sync.Mutex
	known   map[string]metav1.Time // the start of each Application's last operation
	syncs   []*Sync
	ended   error
	stopped func()
	done    chan struct{}
}

// Record starts to note sync operations. Those that have begun before do not count.
func (a *ArgoCD) Record(ctx context.Context) (*Recorder, error) {
	list, err := a.Resource(Applications).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing Applications: %w", err)
	}
	r := &Recorder{known: map[string]metav1.Time{}, done: make(chan struct{})}
	for i := range list.Items {
		if app, err := Parse(&list.Items[i]); err != nil {
			return nil, err
		} else if app.Status.Operation != nil {
			r.known[app.Metadata.Name] = app.Status.Operation.StartedAt
		}
	}
	watcher, err := a.Resource(Applications).Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
	if err != nil {
		return nil, fmt.Errorf("watching Applications: %w", err)
	}
	r.stopped = watcher.Stop
	go r.follow(watcher)
	return r, nil
}

func (r *Recorder) follow(watcher watch.Interface) {
	defer close(r.done)
	for event := range watcher.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok || event.Type == watch.Error {
			r.fail(fmt.Errorf("watching Applications: %v", event.Object))
			return
		}
		app, err := Parse(object)
		if err != nil {
			r.fail(err)
			return
		}
		r.note(app)
	}
}

func (r *Recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = err
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

// SoFar gives the operations that have been noted up to now, in the order in which
// they began.
func (r *Recorder) SoFar() ([]Sync, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Sync, len(r.syncs))
	for i, s := range r.syncs {
		all[i] = *s
	}
	slices.SortStableFunc(all, func(a, b Sync) int { return cmp.Compare(a.StartedAt.Unix(), b.StartedAt.Unix()) })
	return all, r.ended
}

// Stop ends the recording and gives all that was noted.
func (r *Recorder) Stop() ([]Sync, error) {
	r.stopped()
	<-r.done
	return r.SoFar()
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
