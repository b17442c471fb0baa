package advisory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// install puts a new database in place: made whole in a directory beside it, then exchanged with the old one at once, so
// that a reader meets the old one or the new one, and so does whoever comes after an interrupted run.
func install(dir string, fill func(staging string) (Metadata, error)) (Metadata, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return Metadata{}, fmt.Errorf("making room for the vulnerability database: %w", err)
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return Metadata{}, fmt.Errorf("making room for the vulnerability database: %w", err)
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil {
		return Metadata{}, fmt.Errorf("making room for the vulnerability database: %w", err)
	}
	metadata, err := fill(staging)
	if err != nil {
		return Metadata{}, err
	}
	if err := seal(staging, metadata); err != nil {
		return Metadata{}, err
	}
	return metadata, swap(staging, dir)
}

// seal writes what belongs beside trivy.db.
func seal(staging string, metadata Metadata) error {
	path := filepath.Join(staging, databaseFile)
	if err := guarded(func() error { return inspect(path) }); err != nil {
		return err
	}
	if err := metadata.write(staging); err != nil {
		return err
	}
	sum, err := checksum(path)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s  %s\n", sum, databaseFile)
	if err := os.WriteFile(filepath.Join(staging, checksumFile), []byte(line), 0o644); err != nil {
		return fmt.Errorf("writing the vulnerability database's checksum: %w", err)
	}
	return nil
}

// swap replaces dir by staging. Only a directory that holds nothing but a database is replaced: the path comes from
// a command line.
func swap(staging, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replacing the vulnerability database in %s: %w", dir, err)
	}
	for _, e := range entries {
		switch e.Name() {
		case databaseFile, metadataFile, checksumFile:
		default:
			return fmt.Errorf("replacing the vulnerability database in %s: it also holds %s: name a directory of its own", dir, e.Name())
		}
	}
	// Where nothing is there, or an empty folder, a rename does. Where something is, the two are exchanged, and install
	// removes the old one under its new name.
	if len(entries) == 0 {
		err = os.Rename(staging, dir)
	} else {
		err = exchange(staging, dir)
	}
	if err != nil {
		return fmt.Errorf("replacing the vulnerability database in %s: %w", dir, err)
	}
	return nil
}

// exchange gives two directories each other's name, at once (rename(2), RENAME_EXCHANGE). A file system that cannot, as
// some over a network, has the old one out of the way for a moment.
func exchange(staging, dir string) error {
	err := unix.Renameat2(unix.AT_FDCWD, staging, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	old := staging + ".old"
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(staging, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
