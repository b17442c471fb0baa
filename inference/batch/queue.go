package batch

import (
	"slices"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// A queue holds calls by priority and, within one, in order of arrival. It is
// guarded by the Batcher's mutex.
type queue struct {
	heads, tails [priorities]*Call
	calls, rows  int
	rounds       int
}

// fairness is how often the oldest call goes first whatever its priority, so
// that a stream of urgent calls cannot hold up the others for ever.
const fairness = 8

func (q *queue) push(c *Call) {
	p := c.Priority
	c.prev, c.next = q.tails[p], nil
	if c.prev == nil {
		q.heads[p] = c
	} else {
		c.prev.next = c
	}
	q.tails[p] = c
	c.queued = true
	q.calls++
	q.rows += c.Rows
}

func (q *queue) remove(c *Call) {
	if c.prev == nil {
		q.heads[c.Priority] = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		q.tails[c.Priority] = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next, c.queued = nil, nil, false
	q.calls--
	q.rows -= c.Rows
}

// oldest is the call that has waited longest, or nil.
func (q *queue) oldest() *Call {
	var first *Call
	for _, c := range q.heads {
		if c != nil && (first == nil || c.arrived.Before(first.arrived)) {
			first = c
		}
	}
	return first
}

// first is the call that a new batch is built around.
func (q *queue) first() *Call {
	if q.rounds++; q.rounds%fairness == 0 {
		return q.oldest()
	}
	for _, c := range q.heads {
		if c != nil {
			return c
		}
	}
	return nil
}

// take moves a batch of at most maxRows rows from the queue to batch: the
// first call, and every other of its class that still fits.
func (q *queue) take(batch []*Call, maxRows int) []*Call {
	first := q.first()
	if first == nil {
		return batch
	}
	q.remove(first)
	batch = append(batch, first)
	rows := first.Rows
	for _, c := range q.heads {
		for c != nil && rows < maxRows {
			next := c.next
			if rows+c.Rows <= maxRows && sameClass(&c.Job, &first.Job) {
				q.remove(c)
				batch = append(batch, c)
				rows += c.Rows
			}
			c = next
		}
	}
	return batch
}

func sameClass(a, b *tensor.Job) bool { return slices.Equal(a.Class, b.Class) }
