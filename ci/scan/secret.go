package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aquasecurity/trivy/pkg/fanal/secret"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"

	"github.com/mlfleet/mlfleet/ci/rootfs"
)

const (
	// headBytes is how much of a file tells whether it is text: Trivy's 300.
	headBytes = 300
	// smallText is the largest file that is read into memory so that another core can look at it.
	smallText = 4 << 20
	// leastSecret is the smallest file worth a look: Trivy's 10 bytes.
	leastSecret = 10
)

// secretScanner is Trivy's, with its built-in rules. Making one writes to its package's variables, so it is made once.
var secretScanner = sync.OnceValue(func() secret.Scanner { return secret.NewScanner(nil) })

// mayHoldSecrets applies Trivy's choice of files: text, not tiny, not in a list of names without interest.
func mayHoldSecrets(f rootfs.File, head []byte) bool {
	s := secretScanner()
	return f.Size >= leastSecret && !isBinary(head) && !s.IsSkipped(f.Path) && !s.AllowPath(f.Path)
}

// isBinary is Trivy's rule (fanal/utils.IsBinary, after file(1)'s encoding.c): control characters that texts do not have.
func isBinary(head []byte) bool {
	return bytes.ContainsFunc(head, func(r rune) bool {
		return r < 7 || r == 11 || (13 < r && r < 27) || (27 < r && r < 0x20) || r == 0x7f
	})
}

// secret looks for secrets in a text. Small ones go to the workers.
func (c *collector) secret(f rootfs.File) error {
	look := func(content io.Reader) {
		if findings := findSecrets("/"+f.Path, content); len(findings) > 0 {
			keep(c, c.secrets, f.ID, secretFile{path: f.Path, layer: f.Layer, findings: findings})
		}
	}
	if f.Size > smallText {
		content := &fullReader{from: f.Content}
		look(content)
		return content.failed
	}
	data, err := io.ReadAll(f.Content)
	if err != nil {
		return fmt.Errorf("reading it: %w", err)
	}
	c.workers.Go(func() error {
		look(&wholeReader{data: data})
		return c.ctx.Err()
	})
	return nil
}

func findSecrets(name string, content io.Reader) []ftypes.SecretFinding {
	s := secretScanner()
	return s.Scan(secret.ScanArgs{FilePath: name, Content: content}).Findings
}

// wholeReader gives its bytes and the end together. Trivy's scanner reads on after a block without an end and then looks at
// the overlap again: every small file would be searched twice.
type wholeReader struct{ data []byte }

func (r *wholeReader) Read(p []byte) (int, error) {
	n := copy(p, r.data)
	if r.data = r.data[n:]; len(r.data) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// fullReader fills each block: Trivy's scanner takes what one Read gives, and a decompressor gives little. It keeps the error
// that the scanner only logs.
type fullReader struct {
	from   io.Reader
	failed error
}

func (r *fullReader) Read(p []byte) (int, error) {
	n, err := io.ReadFull(r.from, p)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	r.failed = err
	return n, err
}

// head is a file's first bytes and the whole file again.
type head struct {
	bytes []byte
	all   io.Reader
}

func peek(f rootfs.File) (head, error) {
	b := make([]byte, min(f.Size, headBytes))
	n, err := io.ReadFull(f.Content, b)
	if err != nil {
		return head{}, fmt.Errorf("reading it after %d bytes: %w", n, err)
	}
	return head{bytes: b, all: io.MultiReader(bytes.NewReader(b), f.Content)}, nil
}
