package controlplane

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/mlfleet/mlfleet/e2e/processes"
)

// Options say which cluster to start.
type Options struct {
	Name   string
	Number int    // tells clusters apart, from 0 to 100
	Bin    string // the folder of Kubernetes' programs
	Dir    string // where all files of all clusters go; this one's in a folder of its name
	Etcd   string // etcd's URL
	Nodes  bool   // whether the cluster has nodes: it gets a scheduler and KWOK then
}

// Cluster is a running control plane, and its administrator's clients.
type Cluster struct {
	Name    string
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	server     *apiServer
	components []*processes.Process
}

// Start starts a control plane and waits until it works: the default namespace
// exists, and Argo CD's user may do everything.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	dir := filepath.Join(o.Dir, o.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("starting cluster %s: %w", o.Name, err)
	}
	server, err := startAPIServer(ctx, o.Bin, dir, o.Etcd, o.Name, o.Number)
	if err != nil {
		return nil, fmt.Errorf("starting cluster %s: %w", o.Name, err)
	}
	c := &Cluster{Name: o.Name, server: server}
	if c.Client, err = kubernetes.NewForConfig(c.Config()); err != nil {
		return nil, fmt.Errorf("making a client of cluster %s: %w", o.Name, err)
	}
	if c.Dynamic, err = dynamic.NewForConfig(c.Config()); err != nil {
		return nil, fmt.Errorf("making a client of cluster %s: %w", o.Name, err)
	}
	if err := c.startComponents(o, dir); err != nil {
		return nil, fmt.Errorf("starting cluster %s: %w", o.Name, err)
	}
	if err := c.allowArgo(ctx); err != nil {
		return nil, fmt.Errorf("letting Argo CD into cluster %s: %w", o.Name, err)
	}
	return c, nil
}

// cloud is what KWOK does in place of the cloud's controllers.
//
//go:embed cloud.yaml
var cloud []byte

func (c *Cluster) startComponents(o Options, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "cloud.yaml"), cloud, 0o644); err != nil {
		return err
	}
	type component struct {
		name string
		user user
		args []string
	}
	all := []component{{"kube-controller-manager", controllerManager, []string{
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + c.server.serviceAccountKey(),
		"--root-ca-file=" + c.server.certificate(),
		// KWOK renews leases as rarely as it can be told, to leave the processors to others.
		"--node-monitor-grace-period=20m",
	}}}
	if o.Nodes {
		all = append(all,
			component{"kube-scheduler", scheduler, []string{"--leader-elect=false", "--secure-port=0", "--profiling=false"}},
			component{"kwok", kwok, []string{
				"--manage-all-nodes=true", "--node-ip=127.0.0.1", "--node-lease-duration-seconds=600",
				"--config=" + filepath.Join(o.Bin, "kwok-stages.yaml"), "--config=" + filepath.Join(dir, "cloud.yaml"),
			}})
	}
	for _, x := range all {
		kubeconfig, err := c.server.kubeconfig(x.user)
		if err != nil {
			return err
		}
		p, err := processes.Start(processes.Command{
			Name: x.name, Path: filepath.Join(o.Bin, x.name), Dir: dir,
			Args: append([]string{"--kubeconfig=" + kubeconfig}, x.args...),
			Env:  []string{"HOME=" + dir},
		})
		if err != nil {
			return err
		}
		c.components = append(c.components, p)
	}
	return nil
}

func (c *Cluster) allowArgo(ctx context.Context) error {
	_, err := c.Client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "argocd-manager"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: argo.name}},
	}, metav1.CreateOptions{})
	return err
}

// URL is where the API server listens.
func (c *Cluster) URL() string { return c.server.url }

// Config is how the administrator reaches the cluster.
func (c *Cluster) Config() *rest.Config { return c.server.config(admin) }

// Kubeconfig writes a kubeconfig of the user that Argo CD syncs as, and gives its path.
func (c *Cluster) Kubeconfig() (string, error) { return c.server.kubeconfig(argo) }

// ArgoConnection is how Argo CD's cluster Secrets describe the way into the cluster
// (Argo CD, "Declarative Setup", section "Clusters").
func (c *Cluster) ArgoConnection() (string, error) {
	ca, err := os.ReadFile(c.server.certificate())
	if err != nil {
		return "", fmt.Errorf("reading the certificate of cluster %s: %w", c.Name, err)
	}
	return fmt.Sprintf(`{"bearerToken":%q,"tlsClientConfig":{"insecure":false,"caData":%q}}`,
		c.server.tokens[argo], base64.StdEncoding.EncodeToString(ca)), nil
}

// KillAPIServer ends the API server as a crash would.
func (c *Cluster) KillAPIServer() { c.server.Kill() }

// RestartAPIServer starts the killed API server again, at its old address, and
// waits until it is ready.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	if err := c.server.Restart(); err != nil {
		return err
	}
	return c.server.ready(ctx)
}

// Ended names a component that is no longer running, and shows the end of its log.
func (c *Cluster) Ended() (string, bool) {
	for _, p := range append([]*processes.Process{c.server.Process}, c.components...) {
		if p.Ended() {
			return fmt.Sprintf("%s of %s has ended:\n%s", p.Name(), c.Name, p.Tail(20)), true
		}
	}
	return "", false
}
