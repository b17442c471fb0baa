package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// patience is how long a run may take before it says what it does: a run that
	// is over by then would only flicker.
	patience = 500 * time.Millisecond
	// rewrite is how often the line changes at most.
	rewrite = 100 * time.Millisecond
)

// Progress is one line that tells what a long run is doing, rewritten in place
// and gone when the run ends. A nil *Progress says nothing.
type Progress struct {
	w    io.Writer
	end  chan struct{}
	gone chan struct{}

	mu   sync.Mutex
	text string
}

// NewProgress starts a line on w, or returns nil where w is no terminal.
func NewProgress(w io.Writer) *Progress {
	if !Is(w) {
		return nil
	}
	return newProgress(w)
}

func newProgress(w io.Writer) *Progress {
	p := &Progress{w: w, end: make(chan struct{}), gone: make(chan struct{})}
	go p.run()
	return p
}

// Say sets what the run is doing now. It is cheap enough for every file.
func (p *Progress) Say(text string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.text = text
	p.mu.Unlock()
}

// Clear takes the line away. What is printed on w afterwards starts in its place.
func (p *Progress) Clear() {
	if p == nil {
		return
	}
	close(p.end)
	<-p.gone
}

// run waits out the patience, then shows what was said last.
func (p *Progress) run() {
	defer close(p.gone)
	next := time.NewTimer(patience)
	defer next.Stop()
	shown := ""
	for {
		select {
		case <-p.end:
			if shown != "" {
				fmt.Fprint(p.w, "\r\x1b[K")
			}
			return
		case <-next.C:
			p.mu.Lock()
			text := p.text
			p.mu.Unlock()
			if text != shown {
				fmt.Fprint(p.w, "\r\x1b[K"+text)
				shown = text
			}
			next.Reset(rewrite)
		}
	}
}
