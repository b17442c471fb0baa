package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// Revision reads all files below the given folders of dir as they are in a Git
// revision of the repository that holds dir. A folder that the revision lacks holds no
// files. Besides names of revisions it takes "origin/main...", the commit at which
// HEAD left that branch.
//
// The findings are files that Argo CD could not read. It fails with [ErrNoGit] or an
// [UnknownRevisionError], or with what git says.
func Revision(ctx context.Context, dir, name string, folders ...string) (Files, []finding.Finding, error) {
	g := git{dir}
	commit, err := g.commit(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	prefix, err := g.run(ctx, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, nil, fmt.Errorf("finding the repository of %s: %w", dir, err)
	}
	top := strings.TrimSuffix(strings.TrimSuffix(string(prefix), "\n"), "/")
	list := []string{"ls-tree", "-r", "-z", "--full-tree", commit, "--"}
	for _, folder := range folders {
		list = append(list, path.Join(top, folder))
	}
	listing, err := g.run(ctx, nil, list...)
	if err != nil {
		return nil, nil, fmt.Errorf("listing revision %s: %w", name, err)
	}
	blobs, err := parseListing(listing)
	if err != nil {
		return nil, nil, fmt.Errorf("listing revision %s: %w", name, err)
	}
	contents, err := g.run(ctx, blobs.ids(), "cat-file", "--batch")
	if err != nil {
		return nil, nil, fmt.Errorf("reading revision %s: %w", name, err)
	}
	return blobs.files(contents, top)
}

// blob is a file as Git lists it, with its path from the repository's top.
type blob struct{ id, path string }

type blobs []blob

// parseListing reads the output of "git ls-tree -r -z": records of
// "<mode> blob <id>\t<path>". Links and submodules are passed over.
func parseListing(listing []byte) (blobs, error) {
	var out blobs
	for record := range bytes.SplitSeq(bytes.TrimSuffix(listing, []byte{0}), []byte{0}) {
		if len(record) == 0 {
			continue
		}
		about, name, ok := strings.Cut(string(record), "\t")
		fields := strings.Fields(about)
		if !ok || len(fields) != 3 {
			return nil, fmt.Errorf("git lists %q, which is no file", record)
		}
		if strings.HasPrefix(fields[0], "100") && manifest(name) {
			out = append(out, blob{fields[2], name})
		}
	}
	return out, nil
}

func (b blobs) ids() []byte {
	var out bytes.Buffer
	for _, blob := range b {
		out.WriteString(blob.id + "\n")
	}
	return out.Bytes()
}

var errLacks = errors.New("the clone lacks the content (git fetch, or git fsck, tells more)")

// files reads the output of "git cat-file --batch" for the blobs, in their order:
// "<id> blob <size>\n<content>\n" each, or "<id> missing\n".
func (b blobs) files(contents []byte, top string) (Files, []finding.Finding, error) {
	out := Files{}
	var found []finding.Finding
	for _, blob := range b {
		header, rest, ok := bytes.Cut(contents, []byte{'\n'})
		fields := strings.Fields(string(header))
		if !ok || len(fields) != 3 || fields[0] != blob.id {
			return nil, nil, fmt.Errorf("reading %s: %w", blob.path, errLacks)
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size < 0 || size >= len(rest) {
			return nil, nil, fmt.Errorf("reading %s: git says %q", blob.path, header)
		}
		name := blob.path
		if top != "" {
			name = strings.TrimPrefix(name, top+"/")
		}
		content := rest[:size:size]
		contents = rest[size+1:]
		if size > MaxSize {
			found = append(found, *tooLarge(name, int64(size)))
			continue
		}
		out[name] = content
	}
	return out, found, nil
}
