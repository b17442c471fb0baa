// Package revision is the tree golden/ as it is in a Git revision. It takes the
// name of a revision as a person writes it (main, HEAD~3, a tag, a commit) and
// gives a read-only file system, so that whoever compares trees needs not know
// that one of them was never checked out.
//
// It asks the git command, not a library: it is on every machine that has a
// clone, and it reads what a library must first learn (partial clones, worktrees,
// alternates, SHA-256 repositories). Two short runs find the revision and list
// its files; one more stays and hands out contents, because starting a process
// for each file would cost two milliseconds a time.
//
// Git keeps the hash of every file, so asking whether a file is what somebody
// already holds needs no reading: see [Revision.Same].
package revision

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Revision is a folder of a Git revision as a file system. It may be used by
// several goroutines. Close ends its process.
type Revision struct {
	name   string
	commit string
	files  map[string]blob
	// folders holds the entries of each folder, sorted by name; "." is there even
	// where the revision lacks the folder.
	folders map[string][]fs.DirEntry
	batch   *batch
}

// blob is a file as Git lists it.
type blob struct {
	id   string
	mode fs.FileMode
}

var (
	_ fs.ReadFileFS = (*Revision)(nil)
	_ fs.ReadDirFS  = (*Revision)(nil)
	_ fs.StatFS     = (*Revision)(nil)
)

// Open finds the revision called name in the repository that holds the folder
// dir, and lists what is below dir/folder in it; folder is slash-separated, and
// may not exist any more. A revision that lacks it is an empty tree.
//
// As in "git diff", a name with three dots after it ("origin/main...") stands for
// the commit at which HEAD left that branch: what others have merged since is no
// part of what one's own branch does.
//
// It fails with ErrNoGit, a [NotRepositoryError], an [UnknownRevisionError] or a
// [CommandError]. The context ends the git processes, also the one that lives
// until Close.
func Open(ctx context.Context, dir, name, folder string) (*Revision, error) {
	git := git{dir: dir}
	repo, err := git.repository(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening revision %s: %w", name, err)
	}
	commit, err := git.commit(ctx, repo, name)
	if err != nil {
		return nil, err
	}
	r := &Revision{name: name, commit: commit, files: map[string]blob{}, folders: map[string][]fs.DirEntry{".": nil}}
	if err := r.list(ctx, git, path.Join(repo.prefix, folder)); err != nil {
		return nil, fmt.Errorf("listing revision %s: %w", name, err)
	}
	if r.batch, err = git.batch(ctx); err != nil {
		return nil, fmt.Errorf("opening revision %s: %w", name, err)
	}
	return r, nil
}

// Commit is the full id of the commit that the revision's name stood for.
func (r *Revision) Commit() string { return r.commit }

// Close ends the git process. Reading afterwards fails with fs.ErrClosed.
func (r *Revision) Close() error { return r.batch.close() }

// list reads the names and ids of the files below root, a path from the
// repository's top.
func (r *Revision) list(ctx context.Context, git git, root string) error {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", r.commit}
	within := ""
	if root != "." {
		within = root + "/"
		args = append(args, "--", within)
	}
	out, err := git.run(ctx, args...)
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(out, "\x00") {
		if line == "" {
			continue
		}
		about, name, ok := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		if !ok || len(fields) != 3 {
			return fmt.Errorf("git ls-tree printed %q", line)
		}
		name, ok = strings.CutPrefix(name, within)
		if !ok || !fs.ValidPath(name) {
			return fmt.Errorf("git ls-tree printed the path %q", name)
		}
		r.add(name, blob{id: fields[2], mode: mode(fields[0])})
	}
	for _, entries := range r.folders {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return nil
}

// add puts a file, and the folders above it that are new, into the listing.
func (r *Revision) add(name string, b blob) {
	r.files[name] = b
	var child fs.DirEntry = entry{r, name, b.mode}
	for {
		parent := path.Dir(name)
		entries, known := r.folders[parent]
		r.folders[parent] = append(entries, child)
		if known {
			return
		}
		child, name = entry{r, parent, fs.ModeDir | 0o555}, parent
	}
}

// mode is the file mode of one of Git's. What is neither a file nor a link is
// another repository's commit.
func mode(octal string) fs.FileMode {
	switch octal {
	case "100644":
		return 0o444
	case "100755":
		return 0o555
	case "120000":
		return fs.ModeSymlink | 0o777
	}
	return fs.ModeIrregular
}
