package pipeline

import (
	"fmt"
	"io"
	"time"
)

// Progress tells how far a run has come, in the words of the Makefiles. A nil one
// is silent.
type Progress struct{ W io.Writer }

func (p *Progress) begin(step string) {
	if p != nil {
		fmt.Fprintf(p.W, "==> %s\n", step)
	}
}

// Note tells one thing of the step that runs.
func (p *Progress) Note(line string) {
	if p != nil {
		fmt.Fprintf(p.W, "    %s\n", line)
	}
}

func (p *Progress) end(step string, took time.Duration, err error) {
	switch {
	case p == nil:
	case err != nil:
		fmt.Fprintf(p.W, "<== %s: FAILED after %s\n", step, seconds(took))
	default:
		fmt.Fprintf(p.W, "<== %s: %s\n", step, seconds(took))
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
