package advisory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// install puts a new database in place: made whole in a directory beside it, then swapped, so that a reader meets the old
// one or the new one and an interrupted run leaves the old.
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
	old := staging + ".old"
	err = os.Rename(dir, old)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replacing the vulnerability database in %s: %w", dir, err)
	}
	if err := os.Rename(staging, dir); err != nil {
		return errors.Join(fmt.Errorf("replacing the vulnerability database in %s: %w", dir, err), os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
