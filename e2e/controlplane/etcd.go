package controlplane

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/mlfleet/mlfleet/e2e/processes"
)

// Etcd is the store that all control planes share.
type Etcd struct {
	*processes.Process
	URL string
}

// StartEtcd starts etcd with its data in dir and waits until it answers.
func StartEtcd(ctx context.Context, bin, dir string) (*Etcd, error) {
	ports, err := processes.FreePorts(2)
	if err != nil {
		return nil, err
	}
	client, peer := loopback("http", ports[0]), loopback("http", ports[1])
	p, err := processes.Start(processes.Command{
		Name: "etcd",
		Path: filepath.Join(bin, "etcd"),
		Dir:  dir,
		Args: []string{
			"--data-dir=" + filepath.Join(dir, "etcd"),
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=default=" + peer,
			// The data is thrown away: no need to wait for the disk.
			"--unsafe-no-fsync",
		},
	})
	if err != nil {
		return nil, err
	}
	healthy := func(ctx context.Context) error {
		body, err := get(ctx, http.DefaultClient, client+"/health")
		if err == nil && !strings.Contains(body, "true") {
			err = fmt.Errorf("it says %s", body)
		}
		return err
	}
	if err := p.Ready(ctx, healthy); err != nil {
		return nil, err
	}
	return &Etcd{Process: p, URL: client}, nil
}

// Ended says that etcd has ended although nobody ended it.
func (e *Etcd) Ended() (string, bool) {
	if !e.Process.Ended() {
		return "", false
	}
	return fmt.Sprintf("etcd has ended:\n%s", e.Tail(20)), true
}

func loopback(scheme string, port int) string { return fmt.Sprintf("%s://127.0.0.1:%d", scheme, port) }

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), nil
}
