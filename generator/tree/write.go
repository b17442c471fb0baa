package tree

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Writer makes a folder hold exactly the files of a stream. It has no state of
// its own: one value can serve many runs.
type Writer struct {
	// Root is the folder. It is made if it does not exist, and removed again if
	// the run fails before the first file. It may not be a link.
	Root string
	// Header is the first line of every generated file, without its line end.
	// A folder with a file that lacks it is refused, and so is such a file in
	// the stream, because the next run would refuse it.
	Header string
	// Wait is how long to wait for another run on the same folder to end;
	// 0 fails at once with a [LockedError].
	Wait time.Duration
	// DryRun looks, compares and reports, and changes nothing at all.
	DryRun bool
	// Progress, unless nil, is called after each file of the stream with how
	// many have been dealt with. Whoever prints it thins it out.
	Progress func(files int)
}

// Write runs the stream into the folder. The package's documentation says what
// is promised when it fails. It returns the stream's own error as it is, an
// error that wraps the context's when that ends, a [BadFileError], or an error
// that is [ErrDisk].
func (w Writer) Write(ctx context.Context, files iter.Seq2[File, error]) (res Result, err error) {
	folder, err := w.open(ctx)
	if err != nil {
		return Result{}, err
	}
	defer func() { folder.close(err != nil) }()

	r := &run{
		Writer:  w,
		root:    folder.root,
		stale:   map[string][sha256.Size]byte{},
		made:    map[string]struct{}{},
		folders: map[string]bool{},
	}
	defer r.leave()

	if err := r.scan(ctx); err != nil {
		return Result{}, err
	}
	if err := r.sweep(); err != nil {
		return Result{}, err
	}
	if err := r.writeAll(ctx, files); err != nil {
		return r.res, err
	}
	return r.res, r.prune(ctx)
}

// run is one Write on its way.
type run struct {
	Writer
	root *os.Root // nil where a dry run finds no folder

	stale     map[string][sha256.Size]byte // files on disk that the stream has not named yet
	made      map[string]struct{}          // files that the stream has named
	folders   map[string]bool              // folders on disk; true for those that hold a made file
	leftovers []string                     // temporary files of killed runs

	here   *os.Root // the folder that the stream is in, kept open
	hereAt string   // its path

	res Result
}

func (r *run) writeAll(ctx context.Context, files iter.Seq2[File, error]) error {
	for f, err := range files {
		if err != nil {
			return err
		}
		if err := r.going(ctx); err != nil {
			return err
		}
		if err := r.put(f); err != nil {
			return err
		}
		if r.Progress != nil {
			r.Progress(len(r.made))
		}
	}
	return nil
}

// going ends the run between two files once the context has ended.
func (r *run) going(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("writing %s stopped after %d files, each of them whole (run again to complete it): %w",
		r.Root, len(r.made), context.Cause(ctx))
}

// put brings one file of the stream up to date.
func (r *run) put(f File) error {
	if err := r.admit(f); err != nil {
		return err
	}
	if err := r.makeWay(f.Path); err != nil {
		return err
	}
	old, onDisk := r.stale[f.Path]
	delete(r.stale, f.Path)
	r.made[f.Path] = struct{}{}

	if onDisk && old == sha256.Sum256(f.Data) {
		r.claim(path.Dir(f.Path))
		r.res.Unchanged++
		return nil
	}
	if !r.DryRun {
		if err := r.replace(f); err != nil {
			return ioError("write", r.name(f.Path), err)
		}
	}
	r.claim(path.Dir(f.Path))
	r.res.Written = append(r.res.Written, f.Path)
	return nil
}

// admit refuses a file that cannot be part of the tree.
func (r *run) admit(f File) error {
	if err := checkPath(f.Path); err != nil {
		return err
	}
	if !hasHeader(f.Data, r.Header) {
		return &BadFileError{Path: f.Path, Reason: fmt.Sprintf("does not begin with the line %q", r.Header)}
	}
	if _, twice := r.made[f.Path]; twice {
		return &BadFileError{Path: f.Path, Reason: cameTwice}
	}
	if r.folders[f.Path] {
		return &BadFileError{Path: f.Path, Reason: "the stream holds it as a folder too"}
	}
	for dir := path.Dir(f.Path); dir != "." && !r.folders[dir]; dir = path.Dir(dir) {
		if _, file := r.made[dir]; file {
			return &BadFileError{Path: f.Path, Reason: fmt.Sprintf("the stream holds %q as a file too", dir)}
		}
	}
	return nil
}

// makeWay removes what stands where the file must go because it used to be of
// the other kind: a stale file in place of one of its folders, or a folder of
// stale files in its own place. admit has made sure that all of it is stale.
func (r *run) makeWay(p string) error {
	for dir := path.Dir(p); dir != "." && !r.folders[dir]; dir = path.Dir(dir) {
		if _, file := r.stale[dir]; file {
			return r.removeFiles([]string{dir})
		}
	}
	if _, folder := r.folders[p]; !folder {
		return nil
	}
	var files, folders []string
	for stale := range r.stale {
		if strings.HasPrefix(stale, p+"/") {
			files = append(files, stale)
		}
	}
	for dir := range r.folders {
		if dir == p || strings.HasPrefix(dir, p+"/") {
			folders = append(folders, dir)
		}
	}
	slices.Sort(files)
	if err := r.removeFiles(files); err != nil {
		return err
	}
	return r.removeFolders(folders)
}

// claim notes that a folder and those above it hold files of the stream.
func (r *run) claim(dir string) {
	for ; dir != "." && !r.folders[dir]; dir = path.Dir(dir) {
		r.folders[dir] = true
	}
}

// replace writes the file beside its place and renames it. The write is one
// system call into a file that nobody knows by name; the rename is atomic.
func (r *run) replace(f File) (err error) {
	dir, err := r.enter(path.Dir(f.Path))
	if err != nil {
		return err
	}
	tmp, err := dir.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	// What is left behind here is swept by the next run, so that a second
	// failure need not hide the first.
	defer func() {
		if err != nil {
			_ = dir.Remove(temporary)
		}
	}()
	_, err = tmp.Write(f.Data)
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return dir.Rename(temporary, path.Base(f.Path))
}

// enter opens a folder of the tree, making it if it is not there, and keeps it
// open for the files that follow.
func (r *run) enter(dir string) (*os.Root, error) {
	if dir == "." {
		return r.root, nil
	}
	if r.here != nil && r.hereAt == dir {
		return r.here, nil
	}
	r.leave()
	if _, there := r.folders[dir]; !there {
		if err := r.root.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	here, err := r.root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	r.here, r.hereAt = here, dir
	return here, nil
}

func (r *run) leave() {
	if r.here != nil {
		_ = r.here.Close() // a folder opened for reading has nothing to lose
		r.here = nil
	}
}

// name is a path as the user would write it.
func (r *run) name(p string) string { return filepath.Join(r.Root, filepath.FromSlash(p)) }
