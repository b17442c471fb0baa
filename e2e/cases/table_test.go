package cases

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/mlfleet/mlfleet/e2e/sandbox"
)

// table is what a run ends with: the cases, how they ended, and figures.
type table struct {
	rows []*row
}

type row struct {
	name    string
	state   string
	took    time.Duration
	figures []string
}

// begin adds a case to the table. The row is complete when the test has ended.
func (tb *table) begin(t *testing.T, name string) *row {
	r := &row{name: name}
	tb.rows = append(tb.rows, r)
	start := time.Now()
	t.Cleanup(func() {
		r.took = time.Since(start)
		switch {
		case t.Failed():
			r.state = "FAILED"
		case t.Skipped():
			r.state = "skipped"
		default:
			r.state = "ok"
		}
	})
	return r
}

// figure adds a number that says how much was proven.
func (r *row) figure(format string, args ...any) {
	r.figures = append(r.figures, fmt.Sprintf(format, args...))
}

// print writes the table, and the most memory that everything took at once.
func (tb *table) print(out io.Writer, took time.Duration) error {
	memory, err := sandbox.PeakMemory()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ncase\tresult\ttime\tfigures")
	for _, r := range tb.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.name, r.state, round(r.took), strings.Join(r.figures, "; "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	programs := slices.SortedFunc(maps.Keys(memory.By), func(a, b string) int { return cmp.Compare(memory.By[b], memory.By[a]) })
	var parts []string
	for _, name := range programs[:min(6, len(programs))] {
		parts = append(parts, fmt.Sprintf("%d × %s %d MiB", memory.Runs[name], name, memory.By[name]>>10))
	}
	_, err = fmt.Fprintf(out, "\nwall time %s; peak of memory %.1f GiB (%s)\n", round(took), float64(memory.Peak)/(1<<20), strings.Join(parts, ", "))
	return err
}
