package tree

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

// scan looks at everything in the folder before anything is changed: it notes
// each generated file with its digest, and each folder, and refuses if there is
// anything else.
func (r *run) scan(ctx context.Context) error {
	if r.root == nil {
		return nil
	}
	s := scanner{run: r, buf: make([]byte, max(64<<10, 2*len(r.Header)))}
	if err := s.folder(ctx, r.root, "."); err != nil {
		return err
	}
	if len(s.foreign) > 0 {
		slices.SortFunc(s.foreign, func(a, b Foreign) int { return cmp.Compare(a.Path, b.Path) })
		return &ForeignError{Root: r.Root, Header: r.Header, Found: s.foreign}
	}
	return nil
}

type scanner struct {
	*run
	buf     []byte
	foreign []Foreign
}

func (s *scanner) refuse(p, reason string, err error) {
	s.foreign = append(s.foreign, Foreign{Path: p, Reason: reason, Err: err})
}

// folder looks at one folder and those below it. Only a context that ends
// makes it fail; whatever else it meets is refused later, all in one message.
func (s *scanner) folder(ctx context.Context, dir *os.Root, at string) error {
	if err := s.going(ctx); err != nil {
		return err
	}
	entries, err := list(dir)
	if err != nil {
		s.refuse(at, unreadable("folder", err), err)
		return nil
	}
	for _, e := range entries {
		p := path.Join(at, e.Name())
		switch {
		case e.IsDir():
			if err := s.below(ctx, dir, e.Name(), p); err != nil {
				return err
			}
		case !e.Type().IsRegular():
			s.refuse(p, kind(e.Type()), nil)
		case e.Name() == temporary:
			s.leftovers = append(s.leftovers, p)
		default:
			s.file(dir, e.Name(), p)
		}
	}
	return nil
}

func (s *scanner) below(ctx context.Context, parent *os.Root, name, p string) error {
	dir, err := parent.OpenRoot(name)
	if err != nil {
		s.refuse(p, unreadable("folder", err), err)
		return nil
	}
	defer dir.Close()
	s.folders[p] = false
	return s.folder(ctx, dir, p)
}

func (s *scanner) file(dir *os.Root, name, p string) {
	sum, ok, err := s.digest(dir, name)
	switch {
	case err != nil:
		s.refuse(p, unreadable("file", err), err)
	case !ok:
		s.refuse(p, "a file without the header line", nil)
	default:
		s.stale[p] = sum
	}
}

// digest reads a file once, for its header and for its bytes.
func (s *scanner) digest(dir *os.Root, name string) (sum [sha256.Size]byte, ok bool, err error) {
	f, err := dir.Open(name)
	if err != nil {
		return sum, false, err
	}
	defer f.Close()
	n, err := io.ReadFull(f, s.buf)
	if !hasHeader(s.buf[:n], s.Header) {
		if ended(err) {
			err = nil
		}
		return sum, false, err
	}
	if ended(err) { // as for all but the largest
		return sha256.Sum256(s.buf[:n]), true, nil
	}
	if err != nil {
		return sum, false, err
	}
	h := sha256.New()
	h.Write(s.buf[:n])
	if _, err := io.CopyBuffer(h, f, s.buf); err != nil {
		return sum, false, err
	}
	h.Sum(sum[:0])
	return sum, true, nil
}

// ended tells the errors with which io.ReadFull says that the file ended first.
func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// list reads a folder's entries, in whatever order they come.
func list(dir *os.Root) ([]fs.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func unreadable(what string, err error) string {
	return "a " + what + " that cannot be read (" + bare(err).Error() + ")"
}
