package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// writeSpec writes the bundle's config.json.
func writeSpec(img v1.Image, o Options, dir string) error {
	config, err := img.ConfigFile()
	if err != nil {
		return fmt.Errorf("read the image's config: %w", err)
	}
	spec, err := specification(config.Config, o)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644)
}

// specification is what the container may do, which is little.
func specification(config v1.Config, o Options) (*specs.Spec, error) {
	user, err := parseUser(config.User)
	if err != nil {
		return nil, err
	}
	args := config.Cmd
	if len(o.Args) > 0 {
		args = o.Args
	}
	args = slices.Concat(config.Entrypoint, args)
	if len(args) == 0 {
		return nil, errors.New("the image says nothing about what to run, and neither do the options")
	}
	folder := config.WorkingDir
	if folder == "" {
		folder = "/"
	}
	return &specs.Spec{
		Version:  "1.0.2",
		Hostname: "sandbox",
		Root:     &specs.Root{Path: "rootfs", Readonly: true},
		Process: &specs.Process{
			User: user, Args: args, Env: slices.Concat(config.Env, o.Env), Cwd: folder,
			NoNewPrivileges: true,
			Capabilities:    &specs.LinuxCapabilities{},
			Rlimits:         []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Hard: 1024, Soft: 1024}},
		},
		Mounts: mounts(o.Mounts),
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.NetworkNamespace}, {Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace}, {Type: specs.MountNamespace},
			},
			Resources:     &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}},
			MaskedPaths:   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/sched_debug", "/proc/timer_list", "/sys/firmware"},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}, nil
}

// parseUser reads UID:GID. Names would have to be looked up in a file of the
// image, and Kubernetes' runAsNonRoot refuses them for that reason.
func parseUser(s string) (specs.User, error) {
	uid, gid, _ := strings.Cut(s, ":")
	u, err := strconv.ParseUint(uid, 10, 32)
	if err != nil || u == 0 {
		return specs.User{}, fmt.Errorf("the image's user is %q; it must be the number of one that is not root", s)
	}
	g, err := strconv.ParseUint(gid, 10, 32)
	if err != nil || g == 0 {
		return specs.User{}, fmt.Errorf("the image's user is %q; its group must be the number of one that is not root", s)
	}
	return specs.User{UID: uint32(u), GID: uint32(g)}, nil
}

// mounts are what every container has, and what the options add.
func mounts(more []Mount) []specs.Mount {
	all := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=1777", "size=65536k"}},
	}
	for _, m := range more {
		all = append(all, specs.Mount{Destination: m.Target, Type: "bind", Source: m.Source, Options: []string{"bind", "ro", "nosuid", "nodev"}})
	}
	return all
}
