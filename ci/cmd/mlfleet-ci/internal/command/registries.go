package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/registry"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// placeFlags say where images and what is said about them are.
type placeFlags struct {
	registry   string
	mirrors    []string
	repository string
	evidence   string
	cache      string
	attempts   int
}

func (f *placeFlags) add(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.registry, "registry", a.getenv("MLFLEET_REGISTRY"),
		"push to and ask the registry at `HOST`: that of --repository, or a mirror of it; empty: the folder\nci/.cache/registry (default $MLFLEET_REGISTRY)")
	flags.Lookup("registry").DefValue = "" // the environment is nobody's default but this run's
	flags.StringArrayVar(&f.mirrors, "mirror", nil, "ask another address for a registry's images, as `HOST=ADDRESS`; may be repeated")
	flags.StringVar(&f.repository, "repository", "ghcr.io/mlfleet/inference", "the `REPOSITORY` of our image; all others are third-party")
	flags.StringVar(&f.evidence, "evidence", "ghcr.io/mlfleet/evidence", "the `REPOSITORY` that keeps what is said about third-party images")
	flags.StringVar(&f.cache, "cache", "ci/.cache", "keep databases, layers and the folder registry in `DIR`")
	flags.IntVar(&f.attempts, "attempts", 5, "ask a registry that fails `N` times, with growing pauses")
}

// registries are the ways to registries, open for one command.
type registries struct {
	ours       *registry.Client // our images and all evidence
	outside    *registry.Client // bases and databases
	local      *registry.Local  // nil: a real registry
	repository name.Repository
	evidence   name.Repository
}

// lockWait is how long another run may hold the folder registry.
const lockWait = time.Minute

// open reaches the registries.
func (f *placeFlags) open(ctx context.Context, a *app, cmd *cobra.Command) (*registries, error) {
	mirrors := map[string]string{}
	for _, m := range f.mirrors {
		host, address, ok := strings.Cut(m, "=")
		if !ok {
			return nil, misused(cmd.CommandPath(), "--mirror %s: write HOST=ADDRESS", m)
		}
		mirrors[host] = address
	}
	r := &registries{}
	var err error
	if r.repository, err = repository(f.repository); err != nil {
		return nil, misused(cmd.CommandPath(), "--repository: %v", err)
	}
	if r.evidence, err = repository(f.evidence); err != nil {
		return nil, misused(cmd.CommandPath(), "--evidence: %v", err)
	}
	if r.outside, err = f.client(a, cmd, mirrors); err != nil {
		return nil, misused(cmd.CommandPath(), "%v", err)
	}
	switch host := r.repository.RegistryStr(); {
	case f.registry == "":
		limited, cancel := context.WithTimeout(ctx, lockWait)
		defer cancel()
		if r.local, err = registry.Open(limited, a.at(cmd, "cache")+"/registry"); err != nil {
			return nil, err
		}
		mirrors[host] = r.local.Address()
		mirrors[r.evidence.RegistryStr()] = r.local.Address()
	case f.registry != host:
		mirrors[host] = f.registry
	}
	if r.ours, err = f.client(a, cmd, mirrors); err != nil {
		return nil, errors.Join(misused(cmd.CommandPath(), "%v", err), r.Close())
	}
	return r, nil
}

func (f *placeFlags) client(a *app, cmd *cobra.Command, mirrors map[string]string) (*registry.Client, error) {
	return registry.New(registry.Config{Mirrors: mirrors, Attempts: f.attempts, Cache: a.at(cmd, "cache") + "/layers"})
}

func repository(s string) (name.Repository, error) {
	r, err := name.NewRepository(s, name.StrictValidation)
	if err != nil {
		return r, err
	}
	if r.RegistryStr() == name.DefaultRegistry || !strings.ContainsAny(r.RegistryStr(), ".:") {
		return r, fmt.Errorf("%q names no registry: write for example ghcr.io/%s", s, s)
	}
	return r, nil
}

// Close lets the next run have the folder.
func (r *registries) Close() error {
	if r == nil || r.local == nil {
		return nil
	}
	if err := r.local.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing the folder registry: %w", err)
	}
	return nil
}

// mine tells our images from those of others.
func (r *registries) mine(image name.Repository) bool { return image.Name() == r.repository.Name() }

// store is where what is said about an image is kept.
func (r *registries) store(image name.Repository) *sign.Store {
	s := &sign.Store{Client: r.ours}
	if !r.mine(image) {
		s.Evidence = &r.evidence
	}
	return s
}
