package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A runner may keep its home folder from one job to the next: logging in again is
// fine, with another token too, and what somebody else wrote there stays.
func TestLogin(t *testing.T) {
	home := t.TempDir()
	login := func(password string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(root, "ci/tools/login.sh"), "registry.example")
		cmd.Env = append(os.Environ(), "DOCKER_CONFIG=", "HOME="+home, "REGISTRY_USER=somebody", "REGISTRY_PASSWORD="+password)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	config := filepath.Join(home, ".docker", "config.json")
	written := ""
	for _, password := range []string{"one", "one", "two"} {
		if out, err := login(password); err != nil {
			t.Fatalf("with the password %q: %v: %s", password, err, out)
		}
		data, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), `"registry.example"`) || password == "two" && string(data) == written {
			t.Errorf("after the password %q it holds %s", password, data)
		}
		written = string(data)
	}
	if err := os.WriteFile(config, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := login("three"); err == nil || !strings.Contains(out, "is somebody's") {
		t.Errorf("%v: %s; want it left alone", err, out)
	}
}
