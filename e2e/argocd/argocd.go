package argocd

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mlfleet/mlfleet/e2e/controlplane"
	"github.com/mlfleet/mlfleet/e2e/processes"
)

// Namespace is where Argo CD's objects live on the hub.
const Namespace = "argocd"

// ArgoCD is a running Argo CD. The processes can be killed and restarted.
type ArgoCD struct {
	RepoServer               *processes.Process
	ApplicationSetController *processes.Process
	ApplicationController    *processes.Process

	hub        *controlplane.Cluster
	redis      *processes.Process
	repoServer string // the repository server's address
}

// Options say how to start Argo CD.
type Options struct {
	Bin      string // the folder of Argo CD's and Kustomize's programs
	Dir      string // where its files go
	Hub      *controlplane.Cluster
	Clusters []*controlplane.Cluster // to be registered under their names; the hub knows itself
	// Unattended are kinds whose controllers do not run in the clusters.
	Unattended []schema.GroupKind
}

// resync is how often Argo CD looks for changes by itself, in seconds; its own
// default is about as long.
const resync = 120

// Start prepares the hub, registers the clusters and starts Argo CD.
func Start(ctx context.Context, o Options) (*ArgoCD, error) {
	a := &ArgoCD{hub: o.Hub}
	if err := a.define(ctx, o.Bin); err != nil {
		return nil, err
	}
	if err := a.configure(ctx, o); err != nil {
		return nil, fmt.Errorf("configuring Argo CD: %w", err)
	}
	if err := a.startAll(ctx, o); err != nil {
		return nil, fmt.Errorf("starting Argo CD: %w", err)
	}
	return a, nil
}

func (a *ArgoCD) startAll(ctx context.Context, o Options) error {
	ports, err := processes.FreePorts(7)
	if err != nil {
		return err
	}
	address := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	kubeconfig, err := o.Hub.Kubeconfig()
	if err != nil {
		return err
	}
	environment, err := environment(o, kubeconfig)
	if err != nil {
		return err
	}

	redis, repoServer := address(0), address(1)
	if a.redis, err = processes.Start(processes.Command{
		Name: "redis", Path: "redis-server", Dir: o.Dir,
		Args: []string{"--bind", "127.0.0.1", "--port", strconv.Itoa(ports[0]), "--save", "", "--appendonly", "no"},
	}); err != nil {
		return err
	}
	start := func(name string, args ...string) (*processes.Process, error) {
		return processes.Start(processes.Command{
			Name: name, Path: filepath.Join(o.Bin, "argocd"), Dir: o.Dir,
			Args: append(args, "--logformat=text"),
			Env:  slices.Concat(environment, []string{"ARGOCD_BINARY_NAME=" + name}),
		})
	}
	if a.RepoServer, err = start("argocd-repo-server",
		"--address=127.0.0.1", "--port="+strconv.Itoa(ports[1]),
		"--metrics-address=127.0.0.1", "--metrics-port="+strconv.Itoa(ports[2]),
		"--parallelismlimit=4", // as many kustomize processes at once
		"--redis="+redis); err != nil {
		return err
	}
	if a.ApplicationSetController, err = start("argocd-applicationset-controller",
		"--namespace="+Namespace, "--enable-progressive-syncs",
		"--metrics-addr="+address(3), "--probe-addr="+address(4), "--webhook-addr="+address(5),
		"--argocd-repo-server="+repoServer); err != nil {
		return err
	}
	if a.ApplicationController, err = start("argocd-application-controller",
		"--kubeconfig="+kubeconfig, "--namespace="+Namespace,
		"--metrics-port="+strconv.Itoa(ports[6]),
		"--repo-server="+repoServer, "--redis="+redis,
		fmt.Sprintf("--app-resync=%d", resync)); err != nil {
		return err
	}
	if err := a.redis.Ready(ctx, listens(redis)); err != nil {
		return err
	}
	a.repoServer = repoServer
	return a.RepoServer.Ready(ctx, listens(repoServer))
}

// RestartRepoServer starts the killed repository server again, and waits until it takes
// connections.
func (a *ArgoCD) RestartRepoServer(ctx context.Context) error {
	if err := a.RepoServer.Restart(); err != nil {
		return err
	}
	return a.RepoServer.Ready(ctx, listens(a.repoServer))
}

func listens(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return connection.Close()
	}
}

// environment is what all parts of Argo CD find in their environment: a home and
// folders that would be volumes in its pods, and no trust in the machine's own
// settings of Git.
func environment(o Options, kubeconfig string) ([]string, error) {
	folders := map[string]string{
		"HOME":                      "home",
		"TMPDIR":                    "tmp",
		"ARGOCD_GNUPGHOME":          "gpg/keys",
		"ARGOCD_GPG_DATA_PATH":      "gpg/source",
		"ARGOCD_TLS_DATA_PATH":      "tls",
		"ARGOCD_SSH_DATA_PATH":      "ssh",
		"ARGOCD_PLUGINSOCKFILEPATH": "plugins",
		"ARGOCD_APP_CONF_PATH":      "app-conf",
	}
	gitconfig := filepath.Join(o.Dir, "gitconfig")
	all := []string{
		"PATH=" + o.Bin + ":" + os.Getenv("PATH"),
		"KUBECONFIG=" + kubeconfig,    // the ApplicationSet controller's flag is not enough
		"ARGOCD_FAKE_IN_CLUSTER=true", // "in-cluster" is the cluster of KUBECONFIG: we are no pod
		"ARGOCD_GPG_ENABLED=false",
		"ARGOCD_ASK_PASS_SOCK=" + filepath.Join(o.Dir, "ask-pass.sock"),
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + gitconfig,
	}
	for name, folder := range folders {
		path := filepath.Join(o.Dir, folder)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		all = append(all, name+"="+path)
	}
	// The repository's folder may belong to somebody else than us.
	return all, os.WriteFile(gitconfig, []byte("[safe]\n\tdirectory = *\n"), 0o600)
}

// Ended names a part that is no longer running, and shows the end of its log.
func (a *ArgoCD) Ended() (string, bool) {
	for _, p := range []*processes.Process{a.redis, a.RepoServer, a.ApplicationSetController, a.ApplicationController} {
		if p.Ended() {
			return fmt.Sprintf("%s has ended:\n%s", p.Name(), p.Tail(20)), true
		}
	}
	return "", false
}
