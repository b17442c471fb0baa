package tree

import "fmt"

// Result is what a run changed, or with DryRun would have changed. It is valid
// beside an error too, and then says how far the run came.
type Result struct {
	Written   []string // new and changed files, in the stream's order
	Removed   []string // files that are no longer in the stream, in the order of their paths
	Unchanged int      // files with equal bytes, which were not touched
}

// Changed reports whether the run changed anything, or would have.
func (r Result) Changed() bool { return len(r.Written)+len(r.Removed) > 0 }

// String counts: "3 written, 1 removed, 120 unchanged".
func (r Result) String() string {
	return fmt.Sprintf("%d written, %d removed, %d unchanged", len(r.Written), len(r.Removed), r.Unchanged)
}
