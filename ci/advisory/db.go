package advisory

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	trivydb "github.com/aquasecurity/trivy-db/pkg/db"
	bolt "go.etcd.io/bbolt"
)

// open is held while a database is open: trivy-db has one variable for all of a process, so this lock mirrors it.
var open sync.Mutex

// DB is an open database. Trivy's detectors find it by themselves; hand it to a scan so that the scan knows that there is one.
type DB struct {
	dir      string
	metadata Metadata
	damaged  atomic.Bool // a panic went through bbolt
	close    func() error
}

// Open checks and opens the database in dir for reading. maxAge is the policy's, counted from when the advisories were
// collected to now.
//
// Errors: [ErrStale], [ErrFuture], [ErrSchema], [ErrCorrupt], [ErrInUse]; fs.ErrNotExist where there is none.
func Open(dir string, now time.Time, maxAge time.Duration) (*DB, error) {
	metadata, err := readMetadata(dir, now, maxAge)
	if err != nil {
		return nil, err
	}
	if err := verify(dir); err != nil {
		return nil, err
	}
	if !open.TryLock() {
		return nil, fmt.Errorf("opening %s: %w: close it first", dir, ErrInUse)
	}
	db := &DB{dir: dir, metadata: metadata}
	db.close = sync.OnceValue(func() error {
		defer open.Unlock()
		if db.damaged.Load() {
			return nil // bbolt may have been stopped with its locks held, and would wait for them: the file stays mapped
		}
		return trivydb.Close()
	})
	if err := db.start(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// start looks at the file itself before trivy-db may: trivy-db deletes a file that makes bbolt panic, and it is not ours to delete.
func (db *DB) start() error {
	path := filepath.Join(db.dir, databaseFile)
	err := guarded(func() error { return inspect(path) })
	if err != nil {
		return err
	}
	options := &bolt.Options{ReadOnly: true, Timeout: 5 * time.Second}
	if err := guarded(func() error { return trivydb.Init(db.dir, trivydb.WithBoltOptions(options)) }); err != nil {
		return fmt.Errorf("opening the vulnerability database %s: %w", path, err)
	}
	return nil
}

// inspect opens the file by itself, compares its size with the pages that it claims (a file cut short faults only when the
// missing page is asked for), and walks its top level.
func inspect(path string) error {
	b, err := bolt.Open(path, 0, &bolt.Options{ReadOnly: true, Timeout: 5 * time.Second})
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.Join(fmt.Errorf("opening the vulnerability database: %w", err), b.Close())
	}
	// Not deferred: after a panic bbolt may hold its own locks, and closing would wait for ever.
	err = b.View(func(tx *bolt.Tx) error {
		if want := tx.Size(); info.Size() < want {
			return fmt.Errorf("%w: %s has %d of its %d bytes", ErrCorrupt, path, info.Size(), want)
		}
		advisories := false
		err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			advisories = advisories || string(name) == "vulnerability"
			return nil
		})
		if err == nil && !advisories {
			err = fmt.Errorf("%w: %s holds no vulnerabilities", ErrCorrupt, path)
		}
		return err
	})
	return errors.Join(err, b.Close())
}

// Metadata says when the database was made and came here.
func (db *DB) Metadata() Metadata { return db.metadata }

// Dir is the directory that holds the database: what Trivy calls <cache>/db.
func (db *DB) Dir() string { return db.dir }

// Use calls a function that asks the database, in the same goroutine, and turns a fault or panic on damaged pages into [ErrCorrupt].
func (db *DB) Use(ask func() error) error {
	if err := guarded(ask); err != nil {
		if errors.Is(err, ErrCorrupt) {
			db.damaged.Store(true)
		}
		return fmt.Errorf("asking the vulnerability database %s: %w", db.dir, err)
	}
	return nil
}

// Knows says whether the database has any advisories in buckets whose names begin so: "debian 12", "go::". One without them
// would find nothing and be silent about it.
func (db *DB) Knows(bucket string) (bool, error) {
	found := false
	err := db.Use(func() error {
		return trivydb.Config{}.Connection().View(func(tx *bolt.Tx) error {
			name, _ := tx.Cursor().Seek([]byte(bucket))
			found = strings.HasSuffix(bucket, "::") && strings.HasPrefix(string(name), bucket) || string(name) == bucket
			return nil
		})
	})
	return found, err
}

// Close closes the database; a second call gives the first one's answer.
func (db *DB) Close() error {
	if err := db.close(); err != nil {
		return fmt.Errorf("closing the vulnerability database %s: %w", db.dir, err)
	}
	return nil
}

// guarded turns bbolt's panics, and the runtime's on reading pages that are not there, into errors.
func guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, cause)
		}
	}()
	return do()
}

// verify compares the database with the checksum that Pull or Build left. A directory from elsewhere has none.
func verify(dir string) error {
	want, err := os.ReadFile(filepath.Join(dir, checksumFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the vulnerability database's checksum: %w", err)
	}
	got, err := checksum(filepath.Join(dir, databaseFile))
	if err != nil {
		return err
	}
	if sum, _, _ := strings.Cut(strings.TrimSpace(string(want)), " "); sum != got {
		return fmt.Errorf("%w: %s has sha256 %s, %s says %s: pull or build it again",
			ErrCorrupt, filepath.Join(dir, databaseFile), got, checksumFile, sum)
	}
	return nil
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the vulnerability database: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading the vulnerability database: %w", err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
