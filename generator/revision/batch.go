package revision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// batch is a running "git cat-file --batch": an id goes in, a content comes out.
type batch struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr strings.Builder
	closed bool
	failed error // after it, question and answer may be out of step
}

func (g git) batch(ctx context.Context) (*batch, error) {
	b := &batch{cmd: g.command(ctx, "cat-file", "--batch")}
	b.cmd.Stderr = &b.stderr
	in, err := b.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, g.failure(ctx, b.cmd.Args[1:], "", err)
	}
	b.in, b.out = in, bufio.NewReaderSize(out, 64<<10)
	return b, nil
}

// read returns the content of a blob.
func (b *batch) read(id string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, fs.ErrClosed
	case b.failed != nil:
		return nil, b.failed
	}
	data, err := b.ask(id)
	if errors.Is(err, errMissing) {
		return nil, fmt.Errorf("%w: %s", err, id)
	}
	if err != nil {
		b.failed = fmt.Errorf("git cat-file: %w", err)
		return nil, b.failed
	}
	return data, nil
}

// errMissing is an answer: the next question can be asked.
var errMissing = errors.New("the clone lacks the content (git fetch, or git fsck, tells more)")

func (b *batch) ask(id string) ([]byte, error) {
	if _, err := io.WriteString(b.in, id+"\n"); err != nil {
		return nil, err
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	// "<id> blob <size>", or "<id> missing" in a clone that lacks it.
	fields := strings.Fields(line)
	if len(fields) == 2 && fields[1] == "missing" {
		return nil, errMissing
	}
	if len(fields) != 3 || fields[1] != "blob" {
		return nil, errors.New(strings.TrimSpace(line))
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return nil, err
	}
	data := make([]byte, size+1) // and a line end
	if _, err := io.ReadFull(b.out, data); err != nil {
		return nil, err
	}
	return data[:size:size], nil
}

// close ends the process: it stops when nothing more can be asked.
func (b *batch) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	err := b.in.Close()
	if waited := b.cmd.Wait(); waited != nil && b.failed == nil {
		return &CommandError{Args: []string{"cat-file", "--batch"}, Stderr: strings.TrimSpace(b.stderr.String()), Err: waited}
	}
	return err
}
