package hub

import (
	"context"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/argo"
	"github.com/argoproj/argo-cd/v2/util/db"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Hub knows the registered clusters.
type Hub struct{ clusters []Cluster }

// Resolve fills in a destination's server where it gives the cluster's name, and its
// name where it gives the server, by Argo CD's own function. It fails where no cluster
// of that name or server is registered.
func (h *Hub) Resolve(ctx context.Context, destination *v1alpha1.ApplicationDestination) error {
	return argo.ValidateDestination(ctx, destination, database{clusters: h.clusters})
}

// Scoped is the clusters that belong to a project alone. Such registrations are made on
// the hub, where nobody but their project may use them; a fleet's are everybody's.
func (*Hub) Scoped(string) ([]*v1alpha1.Cluster, error) { return nil, nil }

// database answers the two questions that Argo CD's function has, from a list; the
// interface has forty more, which it does not ask and which would panic.
type database struct {
	db.ArgoDB
	clusters []Cluster
}

// GetClusterServersByName implements [db.ArgoDB].
func (d database) GetClusterServersByName(_ context.Context, name string) ([]string, error) {
	var servers []string
	for _, c := range d.clusters {
		if c.Name == name {
			servers = append(servers, c.Server)
		}
	}
	return servers, nil
}

// GetCluster implements [db.ArgoDB].
func (d database) GetCluster(_ context.Context, server string) (*v1alpha1.Cluster, error) {
	for _, c := range d.clusters {
		if c.Server == server {
			return &v1alpha1.Cluster{Name: c.Name, Server: c.Server}, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "cluster %q is not registered", server)
}
