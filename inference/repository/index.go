package repository

import (
	"cmp"
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
		// A ready version has a reason when a newer copy of its files was refused.
		at[[2]string{v.Model, v.Name}] = Entry{Name: v.Model, Version: v.Name, State: Ready, Reason: r.failure(v.Model, v.Name)}
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
		versions, odd, err := versionsIn(filepath.Join(r.opts.Root, name))
		if err != nil {
			continue
		}
		for _, v := range versions {
			out = append(out, Entry{Name: name, Version: v, State: Unavailable, Reason: cmp.Or(r.failure(name, v), "unloaded")})
		}
		for _, v := range odd {
			out = append(out, Entry{Name: name, Version: v, State: Unavailable, Reason: oddName})
		}
	}
	return out
}

// oddName is why a folder with a model in it is not served.
const oddName = "the folder's name is not a version: want at most 64 letters, digits, '.', '_' and '-'"

// versionsIn lists the folders of a model's folder that have a model file: those
// that are versions, lowest first, and those whose names are odd. Hidden folders
// are neither; fetch downloads into one.
func versionsIn(dir string) (versions, odd []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Name(), modelFile)); err != nil || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if modelconfig.ValidName(e.Name()) {
			versions = append(versions, e.Name())
		} else {
			odd = append(odd, strings.ToValidUTF8(e.Name(), "\uFFFD"))
		}
	}
	slices.SortFunc(versions, CompareVersions)
	return versions, odd, nil
}

// failure is why the version was refused the last time, or "".
func (r *Repository) failure(name, version string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if m := r.models[name]; m != nil {
		return m.failures[version]
	}
	return ""
}
