package image

import (
	"context"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
)

// export writes the files of a commit into an empty folder, byte for byte as they
// are in the commit. Nothing of the working tree gets there, whatever Git was told
// to overlook in it (.git/info/exclude, core.excludesFile, assume-unchanged,
// skip-worktree), and no attribute or filter of this machine changes a byte, as it
// would in git archive.
func (r repository) export(ctx context.Context, commit string, paths []string, dir string) error {
	files, err := r.files(ctx, commit, paths)
	if err != nil {
		return err
	}
	var ids strings.Builder
	for _, f := range files {
		ids.WriteString(f.id + "\n")
	}
	bodies, err := r.answer(ctx, strings.NewReader(ids.String()), "cat-file", "--batch")
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		body, rest, err := nextBody(bodies, f.id)
		if err != nil {
			return fmt.Errorf("read %s of the commit %s: %w", f.name, commit, err)
		}
		bodies = rest
		if err := root.MkdirAll(path.Dir(f.name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(f.name, []byte(body), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// committed is a file of a commit: its name there, and its content's.
type committed struct{ name, id string }

// files lists the files of a commit that match some paths. A link or a submodule
// among them is an error: what it stands for is not in the commit.
func (r repository) files(ctx context.Context, commit string, paths []string) ([]committed, error) {
	nothing, err := r.answer(ctx, strings.NewReader(""), "hash-object", "-t", "tree", "--stdin")
	if err != nil {
		return nil, err
	}
	// git ls-tree knows no paths to leave out, and git diff-tree does.
	out, err := r.run(ctx, append([]string{"diff-tree", "-r", "-z", "--no-renames", strings.TrimSpace(nothing), commit, "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	var files []committed
	fields := strings.Split(strings.TrimRight(out, "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 { // ":000000 100644 0000… <id> A", then the name
		about, name := strings.Fields(fields[i]), fields[i+1]
		if len(about) != 5 {
			return nil, fmt.Errorf("git diff-tree in %s says %q of %s", r, fields[i], name)
		}
		if !strings.HasPrefix(about[1], "100") {
			return nil, fmt.Errorf("%s is a link or a submodule in the commit %s; only regular files can go into an image", name, commit)
		}
		files = append(files, committed{name: name, id: about[3]})
	}
	return files, nil
}

// nextBody takes one object off what git cat-file --batch prints: "<id> blob
// <size>", a line's end, the content, a line's end.
func nextBody(printed, id string) (body, rest string, err error) {
	head, rest, _ := strings.Cut(printed, "\n")
	size, err := strconv.Atoi(strings.TrimPrefix(head, id+" blob "))
	if err != nil || size < 0 || len(rest) <= size {
		return "", "", fmt.Errorf("git cat-file says %.100q of %s", head, id)
	}
	return rest[:size], rest[size+1:], nil
}
