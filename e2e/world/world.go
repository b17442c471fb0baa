package world

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/controlplane"
	"github.com/mlfleet/mlfleet/e2e/fleet"
	"github.com/mlfleet/mlfleet/e2e/nodes"
)

// Options say what to start, and from what.
type Options struct {
	Source  string   // the root of mlfleet's repository, whose fleet is copied
	Bin     string   // the folder of the servers' programs
	Mlfleet string   // the program mlfleet
	Dir     string   // where everything is kept
	Regions []string // the regions to start; all where it is empty
}

// World is everything that runs.
type World struct {
	Hub      *controlplane.Cluster
	Clusters []*Cluster // sorted by name
	Argo     *argocd.ArgoCD
	Fleet    *fleet.Repository
	Revision string        // the commit that Argo CD should be at
	StartUp  time.Duration // how long it took to start all of it

	etcd       *controlplane.Etcd
	unattended []schema.GroupKind // the kinds of CustomResourceDefinitions
}

// Cluster is a cluster of the fleet, with what the inputs say of it.
type Cluster struct {
	*controlplane.Cluster
	Inputs nodes.Cluster
}

// Start starts everything and commits the fleet. Argo CD does not know of it yet: see
// Bootstrap.
func Start(ctx context.Context, o Options) (*World, error) {
	begin := time.Now()
	w := &World{}
	repository, err := fleet.Copy(ctx, o.Source, filepath.Join(o.Dir, "fleet"), o.Mlfleet)
	if err != nil {
		return nil, err
	}
	w.Fleet = repository
	if len(o.Regions) > 0 {
		if err := repository.Keep(o.Regions...); err != nil {
			return nil, err
		}
	}
	if err := w.startClusters(ctx, o); err != nil {
		return nil, err
	}
	servers := map[string]string{}
	var all []*controlplane.Cluster
	for _, c := range w.Clusters {
		servers[c.Name] = c.URL()
		all = append(all, c.Cluster)
	}
	if err := repository.Adapt(servers); err != nil {
		return nil, err
	}
	if err := w.Commit(ctx, "The sample fleet, on the clusters that run here"); err != nil {
		return nil, err
	}
	for _, c := range w.Clusters {
		if err := w.addNamespaces(ctx, c); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(o.Dir, "argocd")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("starting Argo CD: %w", err)
	}
	if w.Argo, err = argocd.Start(ctx, argocd.Options{Bin: o.Bin, Dir: dir, Hub: w.Hub, Clusters: all, Unattended: w.unattended}); err != nil {
		return nil, err
	}
	w.StartUp = time.Since(begin)
	return w, nil
}

// Commit generates the tree and commits it with the inputs.
func (w *World) Commit(ctx context.Context, message string) error {
	if err := w.Fleet.Generate(ctx); err != nil {
		return err
	}
	revision, err := w.Fleet.Commit(ctx, message)
	if err != nil {
		return err
	}
	w.Revision = revision
	return nil
}

// startClusters starts etcd, the hub and all clusters of the fleet, a few at once.
func (w *World) startClusters(ctx context.Context, o Options) error {
	inputs, err := nodes.ReadClusters(w.Fleet.Dir)
	if err != nil {
		return err
	}
	catalogue, err := nodes.ReadCatalogue(filepath.Join(o.Source, "cue"))
	if err != nil {
		return err
	}
	crds, unattended, err := kinds(o.Source)
	if err != nil {
		return err
	}
	w.unattended = unattended
	etcd, err := controlplane.StartEtcd(ctx, o.Bin, o.Dir)
	if err != nil {
		return err
	}
	w.etcd = etcd

	w.Clusters = make([]*Cluster, len(inputs))
	errs := make([]error, len(inputs)+1)
	var started sync.WaitGroup
	atOnce := make(chan struct{}, 3) // API servers start up on all processors
	start := func(i int, f func() error) {
		started.Go(func() {
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			errs[i] = f()
		})
	}
	options := controlplane.Options{Bin: o.Bin, Dir: o.Dir, Etcd: etcd.URL}
	start(len(inputs), func() error {
		hub := options
		hub.Name = "hub"
		var err error
		w.Hub, err = controlplane.Start(ctx, hub)
		return err
	})
	for i, in := range inputs {
		start(i, func() error {
			options := options
			options.Name, options.Number, options.Nodes = in.Name, i+1, true
			c, err := controlplane.Start(ctx, options)
			if err != nil {
				return err
			}
			w.Clusters[i] = &Cluster{Cluster: c, Inputs: in}
			if err := c.Define(ctx, crds); err != nil {
				return err
			}
			return w.Clusters[i].addNodes(ctx, catalogue)
		})
	}
	started.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	slices.SortFunc(w.Clusters, func(a, b *Cluster) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return nil
}

func (c *Cluster) addNodes(ctx context.Context, catalogue map[string]nodes.InstanceType) error {
	all, err := nodes.Of(c.Inputs, catalogue)
	if err != nil {
		return err
	}
	for _, n := range all {
		if _, err := c.Client.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("adding node %s to cluster %s: %w", n.Name, c.Name, err)
		}
	}
	return nil
}

// addNamespaces makes the namespaces that the platform's objects want and do not make
// themselves: those of add-ons, which whoever installs an add-on has made.
func (w *World) addNamespaces(ctx context.Context, c *Cluster) error {
	manifests, err := w.Manifests(c.Name, "platform", "")
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if m.GetNamespace() == "" {
			continue
		}
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: m.GetNamespace()}}
		_, err := c.Client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("making namespace %s in cluster %s: %w", m.GetNamespace(), c.Name, err)
		}
	}
	return nil
}

// Cluster finds a cluster by its name.
func (w *World) Cluster(name string) (*Cluster, bool) {
	for _, c := range w.Clusters {
		if c.Name == name {
			return c, true
		}
	}
	return nil, false
}

// Ended names a server that has ended although nobody ended it.
func (w *World) Ended() (string, bool) {
	if what, ended := w.etcd.Ended(); ended {
		return what, true
	}
	for _, c := range w.Clusters {
		if what, ended := c.Ended(); ended {
			return what, true
		}
	}
	if what, ended := w.Hub.Ended(); ended {
		return what, true
	}
	return w.Argo.Ended()
}
