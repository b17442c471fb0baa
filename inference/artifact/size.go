package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// countFile adds a file that is there, if it is, or with -1 takes it off.
func (f *fetcher) countFile(name string, sign int64) error {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.count(sign * info.Size())
}

// count adds to the bytes of the artifact and enforces the limit.
func (f *fetcher) count(n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bytes += n; f.bytes > f.MaxBytes {
		return fmt.Errorf("the artifact is larger than %d bytes (--max-artifact-bytes)", f.MaxBytes)
	}
	return nil
}
