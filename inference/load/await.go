package load

import (
	"context"
	"fmt"
	"time"
)

// Await sends the request until it is answered with 200, and returns how long
// that took.
func Await(ctx context.Context, o Options, limit time.Duration) (time.Duration, error) {
	start := time.Now()
	c := &conn{address: o.Address, timeout: limit}
	defer c.close(nil)
	for {
		status, err := c.do(o.Request)
		if err == nil && status == 200 {
			return time.Since(start), nil
		}
		if time.Since(start) > limit {
			return 0, fmt.Errorf("no answer with 200 within %s (last: status %d, %v)", limit, status, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
