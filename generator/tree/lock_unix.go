//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package tree

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// tryLock takes the folder's advisory lock if it is free. The lock belongs to
// the open folder, so two runs in one process exclude each other too, and the
// kernel drops it when the process ends.
func tryLock(dir *os.File, shared bool) (free bool, err error) {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	for {
		err := syscall.Flock(int(dir.Fd()), how|syscall.LOCK_NB)
		switch err {
		case nil:
			return true, nil
		case syscall.EWOULDBLOCK:
			return false, nil
		case syscall.EINTR:
			continue
		case syscall.EBADF, syscall.ENOLCK, syscall.ENOTSUP, syscall.EINVAL:
			// NFS, for one, locks only what is open for writing, as no folder is.
			return false, fmt.Errorf("this file system cannot lock a folder (put the fleet on a local one): %w", err)
		default:
			return false, err
		}
	}
}

// holder finds who has the lock in Linux's list of all locks. It knows nothing
// (0, "") on other systems, and where the holder lives in another process
// namespace. Lines look like
//
//	1: FLOCK  ADVISORY  WRITE 4711 fe:00:1048577 0 EOF
func holder(dir *os.File) (pid int, name string) {
	var st syscall.Stat_t
	if err := syscall.Fstat(int(dir.Fd()), &st); err != nil {
		return 0, ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, ""
	}
	inode := ":" + strconv.FormatUint(uint64(st.Ino), 10)
	for line := range strings.Lines(string(locks)) {
		// The device is left out: btrfs and overlay file systems give another
		// one here than in stat.
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], inode) {
			continue
		}
		found, err := strconv.Atoi(f[4])
		if err != nil || found <= 0 || pid != 0 && pid != found {
			return 0, "" // not known, or not which of several
		}
		pid = found
	}
	if pid == 0 {
		return 0, ""
	}
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)) // it may have ended by now
	return pid, string(bytes.TrimSpace(comm))
}
