// Package seconds turns durations into the whole seconds that Kubernetes counts in.
package seconds

import (
	"math"
	"time"
)

// Whole rounds a duration up to whole seconds. Up, because each of them is a time
// that somebody was promised; at least 1, because Kubernetes takes 0 for "the
// default" or refuses it.
func Whole(d time.Duration) int32 {
	return int32(min(max(Ceil(d, time.Second), 1), math.MaxInt32))
}

// Ceil is how many units it takes to cover d.
func Ceil(d, unit time.Duration) int64 {
	return int64((d + unit - 1) / unit)
}
