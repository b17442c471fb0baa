package controlplane

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/mlfleet/mlfleet/e2e/processes"
)

// user is somebody whom an API server knows by a token.
type user struct {
	name, group string
}

// The users of every cluster. Those of Kubernetes' own components get what
// they may do from the roles that every API server creates for them.
var (
	admin             = user{"admin", "system:masters"}
	controllerManager = user{"system:kube-controller-manager", ""}
	scheduler         = user{"system:kube-scheduler", ""}
	kwok              = user{"kwok", "system:masters"}
	// Argo is the user that Argo CD syncs as. It is bound to cluster-admin, as
	// "argocd cluster add" does.
	argo = user{"argocd-manager", ""}
)

func users() []user { return []user{admin, controllerManager, scheduler, kwok, argo} }

// anonymous lets those without a token ask whether the server is ready, and
// nothing else.
const anonymous = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: {enabled: true, conditions: [{path: /readyz}, {path: /livez}]}
`

// apiServer is a cluster's API server, and the files by which others reach it.
type apiServer struct {
	*processes.Process
	url    string
	dir    string
	tokens map[user]string
}

// startAPIServer prepares an API server's files in dir, starts it and waits until
// it is ready. The number keeps the address ranges of the clusters' Services apart.
func startAPIServer(ctx context.Context, bin, dir, etcd, name string, number int) (*apiServer, error) {
	ports, err := processes.FreePorts(1)
	if err != nil {
		return nil, err
	}
	s := &apiServer{url: loopback("https", ports[0]), dir: dir, tokens: map[user]string{}}
	if err := s.writeFiles(); err != nil {
		return nil, fmt.Errorf("preparing the API server of %s: %w", name, err)
	}
	s.Process, err = processes.Start(processes.Command{
		Name: "kube-apiserver",
		Path: filepath.Join(bin, "kube-apiserver"),
		Dir:  dir,
		Args: []string{
			"--etcd-servers=" + etcd,
			"--etcd-prefix=/" + name,
			"--bind-address=127.0.0.1",
			"--advertise-address=127.0.0.1",
			fmt.Sprintf("--secure-port=%d", ports[0]),
			"--cert-dir=" + filepath.Join(dir, "certs"),
			"--endpoint-reconciler-type=none", // refuses a loopback address otherwise
			fmt.Sprintf("--service-cluster-ip-range=10.%d.0.0/16", 100+number),
			"--service-account-issuer=https://kubernetes.default.svc." + name,
			"--service-account-key-file=" + s.serviceAccountKey(),
			"--service-account-signing-key-file=" + s.serviceAccountKey(),
			"--token-auth-file=" + filepath.Join(dir, "tokens.csv"),
			"--authentication-config=" + filepath.Join(dir, "authentication.yaml"),
			"--authorization-mode=Node,RBAC",
			"--allow-privileged=true", // so that Pod Security is the judge
			"--profiling=false",
		},
	})
	if err != nil {
		return nil, err
	}
	return s, s.ready(ctx)
}

// ready waits until the server answers that all its parts are ready.
func (s *apiServer) ready(ctx context.Context) error {
	return s.Process.Ready(ctx, func(ctx context.Context) error {
		client, err := rest.HTTPClientFor(s.config(admin)) // its certificate appears while we wait
		if err != nil {
			return err
		}
		_, err = get(ctx, client, s.url+"/readyz")
		return err
	})
}

// config is how a user reaches the server.
func (s *apiServer) config(u user) *rest.Config {
	return &rest.Config{
		Host:            s.url,
		BearerToken:     s.tokens[u],
		TLSClientConfig: rest.TLSClientConfig{CAFile: s.certificate()},
		QPS:             -1, // tests ask a lot, and one after the other
		WarningHandler:  rest.NoWarnings{},
	}
}

func (s *apiServer) certificate() string       { return filepath.Join(s.dir, "certs", "apiserver.crt") }
func (s *apiServer) serviceAccountKey() string { return filepath.Join(s.dir, "serviceaccounts.key") }

func (s *apiServer) writeFiles() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	var tokens strings.Builder
	for _, u := range users() {
		s.tokens[u] = rand.Text()
		fmt.Fprintf(&tokens, "%s,%s,%s,%q\n", s.tokens[u], u.name, u.name, u.group)
	}
	for path, content := range map[string][]byte{
		s.serviceAccountKey():                       pem.EncodeToMemory(block),
		filepath.Join(s.dir, "tokens.csv"):          []byte(tokens.String()),
		filepath.Join(s.dir, "authentication.yaml"): []byte(anonymous),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfig writes a kubeconfig for a user and gives its path.
func (s *apiServer) kubeconfig(u user) (string, error) {
	path := filepath.Join(s.dir, strings.TrimPrefix(u.name, "system:")+".kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: cluster, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: user, user: {token: %q}}]
contexts: [{name: context, context: {cluster: cluster, user: user}}]
current-context: context
`, s.url, s.certificate(), s.tokens[u])
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("writing the kubeconfig of %s: %w", u.name, err)
	}
	return path, nil
}
