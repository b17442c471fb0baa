// Package watching tells what happens to objects from one moment on until it is told to
// stop. A watch that ends before somebody stops it would pass for silence, so its end is
// an error; what the connection says of being closed by us is none.
package watching

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// Resource is what can be watched: client-go's dynamic clients.
type Resource interface {
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

// Watch is a running watch.
type Watch struct {
	events   watch.Interface
	stopping atomic.Bool
	done     chan struct{}
	err      error // to be read when done is closed
}

// Start calls note with each event, one after the other, until Stop or note's first
// error.
func Start(ctx context.Context, resource Resource, options metav1.ListOptions, note func(watch.EventType, *unstructured.Unstructured) error) (*Watch, error) {
	events, err := resource.Watch(ctx, options)
	if err != nil {
		return nil, err
	}
	w := &Watch{events: events, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if err := w.follow(note); !w.stopping.Load() {
			w.err = err
		}
	}()
	return w, nil
}

func (w *Watch) follow(note func(watch.EventType, *unstructured.Unstructured) error) error {
	for event := range w.events.ResultChan() {
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok || event.Type == watch.Error {
			return fmt.Errorf("the watch has ended: %v", event.Object)
		}
		if err := note(event.Type, object); err != nil {
			return err
		}
	}
	return errors.New("the watch has ended")
}

// Stop ends the watch, and gives the error that ended it before. When it returns, note is
// not called any more.
func (w *Watch) Stop() error {
	w.stopping.Store(true)
	w.events.Stop()
	<-w.done
	return w.err
}
