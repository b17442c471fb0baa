// Package sums reads, writes and checks SHA256SUMS files. Such a file names
// every file of an artifact with its hash, so that the one hash of the
// SHA256SUMS file itself pins the whole artifact.
package sums

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// File is the name of the file with the hashes.
const File = "SHA256SUMS"

// Limits on a SHA256SUMS file, which comes from a bucket that somebody else
// fills.
const (
	MaxSize  = 1 << 20
	MaxFiles = 4096
)

// ErrMismatch is answered by errors.Is for content that is not what its hash
// promises.
var ErrMismatch = errors.New("sha256 mismatch")

// An Entry is one line: a relative path with forward slashes, and the hash.
type Entry struct {
	Path string
	Sum  [sha256.Size]byte
}

// Parse reads the output of sha256sum. It refuses paths that leave the folder,
// paths given twice, hidden files and the SHA256SUMS file itself.
func Parse(b []byte) ([]Entry, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%s is larger than %d bytes", File, MaxSize)
	}
	var out []Entry
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, MaxSize+1)
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" {
			continue
		}
		e, err := parseLine(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", File, n, err)
		}
		if seen[e.Path] {
			return nil, fmt.Errorf("%s:%d: %q is listed twice", File, n, e.Path)
		}
		seen[e.Path] = true
		out = append(out, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s lists no files", File)
	}
	if len(out) > MaxFiles {
		return nil, fmt.Errorf("%s lists %d files, at most %d are allowed", File, len(out), MaxFiles)
	}
	for _, e := range out { // a file cannot also be a folder
		for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return nil, fmt.Errorf("%s: %q is both a file and a folder", File, dir)
			}
		}
	}
	return out, nil
}

func parseLine(line string) (Entry, error) {
	var e Entry
	const digits = 2 * sha256.Size
	if len(line) < digits+3 || line[digits] != ' ' || (line[digits+1] != ' ' && line[digits+1] != '*') {
		return e, errors.New("want 64 hex digits, two spaces, a path")
	}
	if _, err := hex.Decode(e.Sum[:], []byte(line[:digits])); err != nil {
		return e, fmt.Errorf("want 64 hex digits: %w", err)
	}
	e.Path = line[digits+2:]
	return e, checkPath(e.Path)
}

func checkPath(p string) error {
	if !fs.ValidPath(p) || p == "." || !utf8.ValidString(p) || strings.ContainsAny(p, "\\:\x00\r") {
		return fmt.Errorf("path %q is not a plain relative path", p)
	}
	for part := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(part, ".") || len(part) > 255 {
			return fmt.Errorf("path %q has a hidden or overlong part", p)
		}
	}
	if p == File {
		return fmt.Errorf("%s cannot list itself", File)
	}
	return nil
}

// Format writes entries as sha256sum does, in the order of their paths.
func Format(entries []Entry) []byte {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%x  %s\n", e.Sum, e.Path)
	}
	return b.Bytes()
}

// Write hashes every file below dir and writes its SHA256SUMS. It returns the
// hash of that file: the artifact.sha256 of a model.
func Write(dir string) (string, error) {
	var entries []Entry
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == File {
			return err
		}
		sum, err := HashFile(context.Background(), p)
		if err != nil {
			return err
		}
		e := Entry{filepath.ToSlash(rel), sum}
		if err := checkPath(e.Path); err != nil {
			return err
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("hash the files of %s: %w", dir, err)
	}
	b := Format(entries)
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o644); err != nil {
		return "", fmt.Errorf("write the hashes of %s: %w", dir, err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

// Verify checks a folder against its SHA256SUMS file: every listed file is
// there with its hash, and no other file is, hidden ones aside. It returns the hash
// of the SHA256SUMS file. A folder without one answers fs.ErrNotExist. The end of
// ctx ends it, with its cause.
func Verify(ctx context.Context, dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, File))
	if err != nil {
		return "", fmt.Errorf("verify %s: %w", dir, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return "", fmt.Errorf("verify %s: %w", dir, err)
	}
	entries, err := Parse(b)
	if err != nil {
		return "", fmt.Errorf("verify %s: %w", dir, err)
	}
	for _, e := range entries {
		got, err := HashFile(ctx, filepath.Join(dir, filepath.FromSlash(e.Path)))
		if errors.Is(err, fs.ErrNotExist) {
			// Not ErrNotExist to the caller: that would read as "no sums".
			return "", fmt.Errorf("verify %s: %s is missing: %w", dir, e.Path, ErrMismatch)
		}
		if err != nil {
			return "", fmt.Errorf("verify %s: %w", dir, err)
		}
		if got != e.Sum {
			return "", fmt.Errorf("verify %s: %s: %w: got %x, want %x", dir, e.Path, ErrMismatch, got, e.Sum)
		}
	}
	if err := unlisted(dir, entries); err != nil {
		return "", fmt.Errorf("verify %s: %w", dir, err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

// unlisted finds files that nobody vouches for. A server would read a planted
// config.json like a genuine one.
func unlisted(dir string, entries []Entry) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || d.IsDir() || rel == File {
			return err
		}
		if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Path == filepath.ToSlash(rel) }) {
			return fmt.Errorf("%s is not in %s: %w", rel, File, ErrMismatch)
		}
		return nil
	})
}

// HashFile hashes a file's content, until ctx ends.
func HashFile(ctx context.Context, name string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &until{ctx, f}); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

// until reads until ctx ends.
type until struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (u *until) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Reader.Read(p)
}
