package sandbox

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Enter finishes the sandbox from within: it brings the loopback interface up, and
// mounts a /dev/shm that ends with it.
func Enter() error {
	ownSharedMemory()
	return loopback()
}

// ownSharedMemory is for Argo CD, which writes what it applies to /dev/shm if there is
// one, and cannot remove it when it is killed. Where a container forbids mounting,
// a few kilobytes stay behind.
func ownSharedMemory() {
	const dir = "/dev/shm"
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil { // or the mount is everybody's
		return
	}
	_ = unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777")
}

func loopback() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return fmt.Errorf("bringing the loopback interface up: %w", err)
	}
	defer syscall.Close(socket)
	if err := raise(socket, "lo"); err != nil {
		// Ubuntu since 24.04 lets everybody make user namespaces, but grants nothing in them.
		return fmt.Errorf("bringing the loopback interface up: %w; if the system restricts user namespaces, lift that "+
			"(sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0), or run as root", err)
	}
	return nil
}

// raise sets the flag "up" of an interface, as "ip link set NAME up" does.
func raise(socket int, name string) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}
