package watching

import (
	"context"
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// source is a resource whose events the test makes.
type source struct{ *watch.FakeWatcher }

func (s source) Watch(context.Context, metav1.ListOptions) (watch.Interface, error) {
	return s.FakeWatcher, nil
}

func named(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": name}}}
}

func TestWatch(t *testing.T) {
	ended := &metav1.Status{Message: "response body closed"}
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		events func(*watch.FakeWatcher)
		note   error
		stops  bool // before the last event
		want   string
	}{
		"stopped":           {func(w *watch.FakeWatcher) { w.Add(named("a")) }, nil, true, ""},
		"closed when asked": {func(w *watch.FakeWatcher) { w.Add(named("a")); w.Error(ended) }, nil, true, ""},
		"ended by itself":   {func(w *watch.FakeWatcher) { w.Add(named("a")); w.Stop() }, nil, false, "the watch has ended"},
		"failed":            {func(w *watch.FakeWatcher) { w.Add(named("a")); w.Error(ended) }, nil, false, "response body closed"},
		"refused":           {func(w *watch.FakeWatcher) { w.Add(named("a")) }, refused, false, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source{watch.NewFakeWithChanSize(2, false)}
			var seen []string
			first := make(chan struct{})
			w, err := Start(t.Context(), s, metav1.ListOptions{}, func(_ watch.EventType, o *unstructured.Unstructured) error {
				seen = append(seen, o.GetName())
				close(first)
				return test.note
			})
			if err != nil {
				t.Fatal(err)
			}
			w.stopping.Store(test.stops)
			test.events(s.FakeWatcher)
			<-first
			if !test.stops {
				<-w.done
			}
			err = w.Stop()
			if got := errorText(err); !strings.Contains(got, test.want) || (test.want == "") != (err == nil) {
				t.Errorf("got error %q, want %q", got, test.want)
			}
			if len(seen) != 1 || seen[0] != "a" {
				t.Errorf("saw %v", seen)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
