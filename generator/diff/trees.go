package diff

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"

	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// Trees compares the tree as it was with the tree as it will be: old is the
// folder golden/ on disk (os.DirFS) or of a Git revision, files is what Render
// streams. An old folder that does not exist is an empty tree.
//
// It fails with the stream's own error, with an error that is tree.ErrDisk where
// an old file cannot be read, and where a new file holds no objects although its
// place says that it does.
func Trees(old fs.FS, files iter.Seq2[tree.File, error]) (*Diff, error) {
	c := comparison{old: old}
	if err := c.list(); err != nil {
		return nil, err
	}
	for f, err := range files {
		if err != nil {
			return nil, err
		}
		if err := c.file(f); err != nil {
			return nil, err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.unseen)) {
		if err := c.removed(path); err != nil {
			return nil, err
		}
	}
	c.diff.finish()
	return &c.diff, nil
}

// sameness is what an old tree may offer so that equal files need not be read.
type sameness interface {
	// Same reports whether the file at path exists and holds exactly data.
	Same(path string, data []byte) bool
}

// comparison is a run of Trees.
type comparison struct {
	old fs.FS
	// unseen are the old files that the stream has not had yet.
	unseen map[string]bool
	// shards is where each tenant's files of argocd/ stand, by their paths without
	// the shard.
	shards map[string]string
	diff   Diff
}

// list notes the paths of the old tree.
func (c *comparison) list() error {
	c.unseen, c.shards = map[string]bool{}, map[string]string{}
	return fs.WalkDir(c.old, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case path == "." && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil:
			return &tree.IOError{Op: "read", Path: path, Err: err}
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return &tree.IOError{Op: "read", Path: path, Err: errors.New("neither a file nor a folder")}
		}
		c.unseen[path] = true
		if key, ok := withoutShard(path); ok {
			c.shards[key] = path
		}
		return nil
	})
}

// file compares a new file with the old one.
func (c *comparison) file(f tree.File) error {
	was := c.counterpart(f.Path)
	delete(c.unseen, was)
	if same, ok := c.old.(sameness); ok && was == f.Path && same.Same(was, f.Data) {
		return nil
	}
	var old []byte
	if was != "" {
		var err error
		if old, err = c.read(was); err != nil {
			return err
		}
		if was == f.Path && bytes.Equal(old, f.Data) {
			return nil
		}
	}
	at, ok := whereIs(f.Path)
	switch {
	case ok:
		return c.objects(at, was, old, f, false)
	case was == "":
		c.diff.Files.Added = append(c.diff.Files.Added, f.Path)
	default:
		c.diff.Files.Changed = append(c.diff.Files.Changed, f.Path)
	}
	return nil
}

// counterpart is the path of the old file that a new one takes the place of, or
// "". A tenant that moves to another root takes its files along.
func (c *comparison) counterpart(path string) string {
	if c.unseen[path] {
		return path
	}
	if key, ok := withoutShard(path); ok && c.unseen[c.shards[key]] {
		return c.shards[key]
	}
	return ""
}

func (c *comparison) read(path string) ([]byte, error) {
	data, err := fs.ReadFile(c.old, path)
	if err != nil {
		if bare, ok := errors.AsType[*fs.PathError](err); ok {
			err = bare.Err
		}
		return nil, &tree.IOError{Op: "read", Path: path, Err: err}
	}
	return data, nil
}

// removed notes an old file that the stream did not have.
func (c *comparison) removed(path string) error {
	at, ok := whereIs(path)
	if !ok {
		c.diff.Files.Removed = append(c.diff.Files.Removed, path)
		return nil
	}
	old, err := c.read(path)
	if err != nil {
		return err
	}
	return c.objects(at, path, old, tree.File{Path: path}, true)
}

// objects compares the objects of an old file, which stood at was ("" if there
// is none), with those of a new one, which is empty if it is gone.
func (c *comparison) objects(at where, was string, old []byte, f tree.File, gone bool) error {
	oldDocs, newDocs := differing(old, f.Data)
	new, err := parse(newDocs)
	if err != nil {
		return fmt.Errorf("generated file %s: %w", f.Path, err)
	}
	before, err := parse(oldDocs)
	if err != nil {
		c.diff.Files.Unreadable = append(c.diff.Files.Unreadable, Unreadable{File: was, Reason: err.Error()})
		return nil //nolint:nilerr // a file that cannot be read is part of the answer, not a failure
	}
	found := 0
	note := func(old, new manifest.Object) {
		if o, ok := compare(at, gone, old, new); ok {
			at.put(&o, f.Path)
			c.diff.Objects = append(c.diff.Objects, o)
			found++
		}
	}
	for _, pair := range pairs(before, new) {
		note(pair[0], pair[1])
	}
	moved := was != "" && was != f.Path
	if moved {
		return c.moved(at, was, f)
	}
	if found == 0 {
		c.diff.Files.Rewritten = append(c.diff.Files.Rewritten, f.Path)
	}
	return nil
}

// moved notes of every object in a new file that it stood at was; those that
// differ in nothing else are added.
func (c *comparison) moved(at where, was string, f tree.File) error {
	objects, err := parse(documents(f.Data))
	if err != nil {
		return fmt.Errorf("generated file %s: %w", f.Path, err)
	}
	for _, object := range objects {
		i := slices.IndexFunc(c.diff.Objects, func(o Object) bool { return o.File == f.Path && o.is(object.ID) })
		if i < 0 {
			i = len(c.diff.Objects)
			o := about(object.ID, Changed)
			at.put(&o, f.Path)
			c.diff.Objects = append(c.diff.Objects, o)
		}
		if c.diff.Objects[i].Action == Changed {
			c.diff.Objects[i].MovedFrom = was
		}
	}
	return nil
}
