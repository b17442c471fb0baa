// Package terminal is what mlfleet does for a person at a terminal and for
// nobody else: colour, and a line that tells how far a long run has come. A file,
// a pipe or a CI log gets neither, so that what a program reads is plain text.
package terminal

import (
	"io"
	"os"
)

// Is reports whether w is a terminal: a character device other than the null
// device. That needs no system call of one system's own, and the devices it is
// wrong about (/dev/full, a serial line) do no harm.
func Is(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
