package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/sums"
)

// Options of Fetch.
type Options struct {
	Source Source
	SHA256 string // of the artifact's SHA256SUMS file, in hex
	Root   string // the model repository
	Model  string
	// Version becomes the folder's name.
	Version string
	// MaxBytes bounds the artifact: a bucket must not fill the node's disk.
	MaxBytes int64
	// Patience is how long a download may stand still before it counts as
	// failed.
	Patience time.Duration
	// Backoff is the first wait before another try; it doubles up to a minute.
	Backoff time.Duration
}

// parallel is the number of files that are downloaded at once.
const parallel = 4

// Fetch brings the artifact into <root>/<model>/<version>. It tries until it
// succeeds, ctx ends, or an error comes that trying again cannot mend. A version
// that is there already with the same hash is left alone; one with another hash
// is an error.
func Fetch(ctx context.Context, o Options) error {
	want, err := hex.DecodeString(o.SHA256)
	if err != nil || len(want) != sha256.Size {
		return fmt.Errorf("artifact sha256 %q is not 64 hex digits", o.SHA256)
	}
	if !modelconfig.ValidName(o.Model) || !modelconfig.ValidName(o.Version) {
		return fmt.Errorf("model %q and version %q must be names", o.Model, o.Version)
	}
	final := filepath.Join(o.Root, o.Model, o.Version)
	o.SHA256 = hex.EncodeToString(want) // in lower case, as we write it
	if done, err := already(ctx, final, o.SHA256); done || err != nil {
		return err
	}
	f := &fetcher{Options: o, staging: filepath.Join(o.Root, o.Model, fmt.Sprintf(".staging-%s-%.12s", o.Version, o.SHA256))}
	if err := os.MkdirAll(f.staging, 0o755); err != nil {
		return fmt.Errorf("make a folder to download into: %w", err)
	}
	unlock, err := lock(f.staging)
	if err != nil {
		return err
	}
	defer unlock()
	entries, err := f.list(ctx)
	if err != nil {
		return err
	}
	if err := f.getAll(ctx, entries); err != nil {
		return err
	}
	return f.publish(ctx, final)
}

// already says whether the version is there and whole.
func already(ctx context.Context, final, want string) (bool, error) {
	got, err := sums.Verify(ctx, final)
	switch {
	case err == nil && got == want:
		slog.Info("the version is there already", "folder", final, "sha256", got)
		return true, nil
	case err == nil:
		return false, fmt.Errorf("%s holds another artifact: its sha256 is %s, want %s", final, got, want)
	case errors.Is(err, fs.ErrNotExist):
		if _, statErr := os.Stat(final); errors.Is(statErr, fs.ErrNotExist) {
			return false, nil
		}
	}
	return false, fmt.Errorf("%s is in the way: %w", final, err)
}

// lock keeps a second fetch of the same artifact out; its downloads and ours
// would be written into the same files.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock the download folder: %w", err)
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("another fetch works in %s: %w", dir, err)
	}
	return func() { d.Close() }, nil
}

type fetcher struct {
	Options
	staging string

	mu    sync.Mutex
	bytes int64 // of all files that are there, whole or in part
}

// list downloads SHA256SUMS and checks it against the pin.
func (f *fetcher) list(ctx context.Context) ([]sums.Entry, error) {
	var content []byte
	err := f.retry(ctx, sums.File, func() error {
		r, err := f.Source.Open(ctx, sums.File, 0)
		if err != nil {
			return err
		}
		defer r.Close()
		content, err = io.ReadAll(io.LimitReader(r, sums.MaxSize+1))
		return err
	})
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != f.SHA256 {
		return nil, fmt.Errorf("%s of the artifact: %w: got %x, want %s", sums.File, sums.ErrMismatch, got, f.SHA256)
	}
	entries, err := sums.Parse(content)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(f.staging, sums.File), content, 0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", sums.File, err)
	}
	return entries, nil
}

// getAll downloads the files that are not there yet, several at once.
func (f *fetcher) getAll(ctx context.Context, entries []sums.Entry) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for _, e := range entries {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := f.get(ctx, e); err != nil {
				cancel(err) // the first error stops the others
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// get downloads one file, from where the last attempt stopped, and verifies it.
func (f *fetcher) get(ctx context.Context, e sums.Entry) error {
	name := filepath.Join(f.staging, filepath.FromSlash(e.Path))
	if got, err := sums.HashFile(ctx, name); err == nil && got == e.Sum {
		return f.countFile(name, 1)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("make a folder to download into: %w", err)
	}
	// Hidden, as no file of an artifact is: it cannot be another one's name.
	part := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".part")
	if err := f.countFile(part, 1); err != nil {
		return err
	}
	return f.retry(ctx, e.Path, func() error {
		resumed, err := f.download(ctx, e.Path, part)
		if err != nil {
			return err
		}
		got, err := sums.HashFile(ctx, part)
		if err != nil {
			return err
		}
		if got == e.Sum {
			return os.Rename(part, name)
		}
		if err := errors.Join(f.countFile(part, -1), os.Remove(part)); err != nil {
			return err
		}
		err = fmt.Errorf("%s: %w: got %x, want %x", e.Path, sums.ErrMismatch, got, e.Sum)
		if resumed {
			return err // the beginning may be of an older object: again from the start
		}
		return &permanent{err}
	})
}

// download appends what is missing to the part file. resumed says whether it
// began after the first byte.
func (f *fetcher) download(ctx context.Context, path, part string) (resumed bool, err error) {
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return false, &permanent{err}
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	info, err := out.Stat()
	if err != nil {
		return false, err
	}
	offset := info.Size()
	if offset > 0 {
		slog.Info("resuming", "file", path, "at", offset)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(f.Patience, func() { cancel(fmt.Errorf("%s: no byte came for %s", path, f.Patience)) })
	defer idle.Stop()
	in, err := f.Source.Open(ctx, path, offset)
	if err != nil {
		return offset > 0, err
	}
	defer in.Close()
	buf := make([]byte, 256<<10)
	for {
		if ctx.Err() != nil { // a file's reader does not look
			return offset > 0, fmt.Errorf("read %s: %w", path, context.Cause(ctx))
		}
		n, err := in.Read(buf)
		idle.Reset(f.Patience)
		if n > 0 {
			if err := f.count(int64(n)); err != nil {
				return offset > 0, &permanent{err}
			}
			if _, err := out.Write(buf[:n]); err != nil {
				return offset > 0, &permanent{err} // a full disk does not empty itself
			}
		}
		if errors.Is(err, io.EOF) {
			return offset > 0, out.Sync()
		}
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return offset > 0, fmt.Errorf("read %s: %w", path, err)
		}
	}
}

// publish gives the finished folder its name. What must be seen before it, or
// survive a crash after it, is put in place first. Each file was verified when it
// came; now they are all verified where they lie, and that no other is there.
func (f *fetcher) publish(ctx context.Context, final string) error {
	got, err := sums.Verify(ctx, f.staging)
	if err == nil && got != f.SHA256 {
		err = fmt.Errorf("%s changed meanwhile: %w", sums.File, sums.ErrMismatch)
	}
	if err != nil {
		return fmt.Errorf("verify what was fetched: %w", err)
	}
	if err := f.placeTritonConfig(); err != nil {
		return err
	}
	if err := syncDir(f.staging); err != nil {
		return err
	}
	if err := os.Rename(f.staging, final); err != nil {
		return fmt.Errorf("make the version visible: %w", err)
	}
	slog.Info("fetched", "model", f.Model, "version", f.Version, "sha256", f.SHA256, "folder", final)
	return syncDir(filepath.Dir(final))
}

// tritonConfig is Triton's name for a model's configuration. Triton looks for it
// above the versions, an artifact has it within its one version.
const tritonConfig = "config.pbtxt"

func (f *fetcher) placeTritonConfig() error {
	b, err := os.ReadFile(filepath.Join(f.staging, tritonConfig))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", tritonConfig, err)
	}
	temp := filepath.Join(f.staging, ".config.pbtxt")
	if err := os.WriteFile(temp, b, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", tritonConfig, err)
	}
	if err := os.Rename(temp, filepath.Join(f.Root, f.Model, tritonConfig)); err != nil {
		return fmt.Errorf("put %s above the versions: %w", tritonConfig, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("flush %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("flush %s: %w", dir, err)
	}
	return nil
}
