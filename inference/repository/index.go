package repository

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
)

// A State of a version, in the words of the repository extension.
type State string

// The states.
const (
	Ready       State = "READY"
	Unavailable State = "UNAVAILABLE"
)

// An Entry is a line of the index.
type Entry struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`
}

// Index lists what is on disk or served: every version with its state, and why
// one is not ready.
func (r *Repository) Index(readyOnly bool) []Entry {
	at := map[[2]string]Entry{}
	for v := range r.Ready() {
		at[[2]string{v.Model, v.Name}] = Entry{Name: v.Model, Version: v.Name, State: Ready}
	}
	if !readyOnly {
		for _, e := range r.absent() {
			key := [2]string{e.Name, e.Version}
			if _, ok := at[key]; !ok {
				at[key] = e
			}
		}
	}
	out := make([]Entry, 0, len(at))
	for _, e := range at {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return CompareVersions(a.Version, b.Version)
	})
	return out
}

// absent lists the versions on disk, as if none were ready.
func (r *Repository) absent() []Entry {
	names := slices.Clone(r.opts.Models)
	if len(names) == 0 {
		dirs, err := os.ReadDir(r.opts.Root)
		if err != nil {
			return nil // the folder went away; what is loaded is still served
		}
		for _, d := range dirs {
			if modelconfig.ValidName(d.Name()) && d.IsDir() {
				names = append(names, d.Name())
			}
		}
	}
	var out []Entry
	for _, name := range names {
		dirs, err := os.ReadDir(filepath.Join(r.opts.Root, name))
		if err != nil {
			continue
		}
		for _, d := range dirs {
			if _, err := os.Stat(filepath.Join(r.opts.Root, name, d.Name(), modelFile)); err != nil || !modelconfig.ValidName(d.Name()) {
				continue
			}
			out = append(out, Entry{Name: name, Version: d.Name(), State: Unavailable, Reason: r.failure(name, d.Name())})
		}
	}
	return out
}

func (r *Repository) failure(name, version string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if m := r.models[name]; m != nil && m.failures[version] != "" {
		return m.failures[version]
	}
	return "unloaded"
}
