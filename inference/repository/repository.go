package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/modelconfig"
)

// Errors that Acquire, Load and Unload answer to errors.Is.
var (
	ErrNoModel   = errors.New("no such model")
	ErrNoVersion = errors.New("no such version")
	ErrClosed    = errors.New("the server is going down")
)

// Options of a Repository.
type Options struct {
	Root        string   // <root>/<model>/<version>/{model.onnx,config.json}
	Models      []string // to serve; empty serves all that are there at the start
	Policy      Policy
	Device      *backend.Device
	Batch       batch.Options
	WarmUp      time.Duration                // the most that warming up one version may take
	RequireSums bool                         // refuse a version without a SHA256SUMS file
	Meter       func(v *Version) batch.Meter // makes a version's meter
}

// A Repository serves models from a folder.
type Repository struct {
	opts Options

	// loading is held while versions are loaded: one load at a time, because
	// two models warming up together would both take longer.
	loading sync.Mutex

	mu     sync.RWMutex
	models map[string]*model
	closed bool

	closing sync.WaitGroup // versions on their way out
}

// A model is what is known of one model. Guarded by Repository.mu.
type model struct {
	versions []*Version // lowest first
	failures map[string]string
}

// New makes a Repository. It serves nothing before LoadAll or Load.
func New(o Options) *Repository {
	return &Repository{opts: o, models: map[string]*model{}}
}

// LoadAll loads the models that the options name.
func (r *Repository) LoadAll(ctx context.Context) error {
	names := r.opts.Models
	if len(names) == 0 {
		dirs, err := os.ReadDir(r.opts.Root)
		if err != nil {
			return fmt.Errorf("read the model repository: %w", err)
		}
		for _, d := range dirs {
			if d.IsDir() && modelconfig.ValidName(d.Name()) {
				names = append(names, d.Name())
			}
		}
		if len(names) == 0 {
			return fmt.Errorf("the model repository %s has no models", r.opts.Root)
		}
	}
	for _, name := range names {
		if err := r.Load(ctx, name, r.opts.Policy); err != nil {
			return err
		}
	}
	return nil
}

// Load makes the model's versions those that policy chooses from what is on
// disk now. Versions that are loaded already and whose files did not change
// stay as they are. On an error nothing changes.
func (r *Repository) Load(ctx context.Context, name string, policy Policy) error {
	if !modelconfig.ValidName(name) {
		return fmt.Errorf("model %q: %w", name, ErrNoModel)
	}
	r.loading.Lock()
	defer r.loading.Unlock()
	existing, err := r.onDisk(name)
	if err != nil {
		return err
	}
	wanted, err := policy.choose(existing)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	next, fresh, err := r.loadVersions(ctx, name, wanted)
	if err != nil {
		for _, v := range fresh {
			v.close()
		}
		return fmt.Errorf("model %s: %w", name, err)
	}
	if !r.swap(name, next) {
		for _, v := range fresh {
			v.close()
		}
		return ErrClosed
	}
	return nil
}

// Policy is the one that the options name, for a load that names none.
func (r *Repository) Policy() Policy { return r.opts.Policy }

// loadVersions loads what is not loaded yet. next are all versions to serve,
// fresh those that were loaded just now, also on an error.
func (r *Repository) loadVersions(ctx context.Context, name string, wanted []string) (next, fresh []*Version, err error) {
	current := r.versions(name)
	for _, w := range wanted {
		dir := filepath.Join(r.opts.Root, name, w)
		i := slices.IndexFunc(current, func(v *Version) bool { return v.Name == w && v.print == printOf(dir) })
		if i >= 0 {
			next = append(next, current[i])
			continue
		}
		if err := cmp.Or(ctx.Err(), r.down()); err != nil {
			return nil, fresh, err
		}
		v, err := r.load(ctx, name, w, dir)
		r.note(name, w, err)
		if err != nil {
			return nil, fresh, fmt.Errorf("version %s is refused: %w", w, err)
		}
		next, fresh = append(next, v), append(fresh, v)
	}
	return next, fresh, nil
}

// onDisk lists the versions of a model that have a model file, lowest first.
func (r *Repository) onDisk(name string) ([]string, error) {
	out, odd, err := versionsIn(filepath.Join(r.opts.Root, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("model %s is not in the repository %s: %w", name, r.opts.Root, ErrNoModel)
	}
	if err != nil {
		return nil, fmt.Errorf("read the versions of model %s: %w", name, err)
	}
	for _, o := range odd {
		slog.Warn("a version is ignored", "model", name, "folder", o, "why", oddName)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("model %s has no version with a %s: %w", name, modelFile, ErrNoVersion)
	}
	return out, nil
}

// note remembers why a version is not served, for the index.
func (r *Repository) note(name, version string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.models[name]
	if m == nil {
		m = &model{}
		r.models[name] = m
	}
	if err == nil {
		delete(m.failures, version)
		return
	}
	if m.failures == nil {
		m.failures = map[string]string{}
	}
	m.failures[version] = err.Error()
}

// swap makes next the versions that new requests find, and sends off those
// that they replace. It answers false when the repository is closed.
func (r *Repository) swap(name string, next []*Version) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	m := r.models[name]
	if m == nil {
		m = &model{}
		r.models[name] = m
	}
	old := m.versions
	m.versions = next
	for _, v := range old {
		if !slices.Contains(next, v) {
			r.closing.Go(v.close)
		}
	}
	return true
}

// Unload stops serving a model. Requests that it accepted are answered.
func (r *Repository) Unload(name string) error {
	r.loading.Lock()
	defer r.loading.Unlock()
	if len(r.versions(name)) == 0 {
		return fmt.Errorf("model %q is not loaded: %w", name, ErrNoModel)
	}
	r.swap(name, nil)
	return nil
}

// Acquire finds a version that is ready; "" is the highest. The caller
// releases it.
func (r *Repository) Acquire(name, version string) (*Version, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.models[name]
	if m == nil || len(m.versions) == 0 {
		return nil, fmt.Errorf("model %.100q is not served here: %w", name, ErrNoModel)
	}
	v := m.versions[len(m.versions)-1]
	if version != "" && version != v.Name {
		i := slices.IndexFunc(m.versions, func(v *Version) bool { return v.Name == version })
		if i < 0 {
			return nil, fmt.Errorf("version %.100q of model %s is not served here: %w", version, name, ErrNoVersion)
		}
		v = m.versions[i]
	}
	// Under the lock: a version that is being swapped out cannot be found any
	// more, so nobody is added after its closing has begun to wait.
	v.users.Add(1)
	return v, nil
}

func (r *Repository) versions(name string) []*Version {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if m := r.models[name]; m != nil {
		return slices.Clone(m.versions)
	}
	return nil
}

// Versions are the names of the versions of a model that are ready.
func (r *Repository) Versions(name string) []string {
	var out []string
	for _, v := range r.versions(name) {
		out = append(out, v.Name)
	}
	return out
}

// Ready yields all versions that are ready, by model and version.
func (r *Repository) Ready() iter.Seq[*Version] {
	r.mu.RLock()
	var all []*Version
	for _, m := range r.models {
		all = append(all, m.versions...)
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b *Version) int {
		if c := strings.Compare(a.Model, b.Model); c != 0 {
			return c
		}
		return CompareVersions(a.Name, b.Name)
	})
	return slices.Values(all)
}

// down is ErrClosed once Close was called.
func (r *Repository) down() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return ErrClosed
	}
	return nil
}

// Close stops serving and returns when every version has answered its requests
// and is freed, and no load is in progress: the caller goes on to unload the
// runtime, and a load that still used it would crash.
func (r *Repository) Close() {
	r.mu.Lock()
	r.closed = true
	for _, m := range r.models {
		for _, v := range m.versions {
			r.closing.Go(v.close)
		}
		m.versions = nil
	}
	r.mu.Unlock()
	r.loading.Lock()
	defer r.loading.Unlock()
	r.closing.Wait()
}
