package backend

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A region is memory outside the Go heap. The runtime keeps pointers into it
// from one call to the next, which the Go heap does not allow.
type region struct {
	mem []byte
}

// fits says whether the region holds so many bytes.
func (r *region) fits(n int) bool { return n <= len(r.mem) }

// grow replaces the memory by at least so many bytes; the old content and every
// pointer to it are gone.
func (r *region) grow(n int) error {
	r.free()
	size := 1 << 16
	for size < n {
		size *= 2
	}
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("get %d bytes for tensors: %w", size, err)
	}
	r.mem = mem
	return nil
}

func (r *region) free() {
	if r.mem != nil {
		unix.Munmap(r.mem) // fails only for memory that is not a mapping
		r.mem = nil
	}
}
