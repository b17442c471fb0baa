package workload

import (
	"math"
	"time"
)

// wholeSeconds rounds a duration up to the whole seconds that Kubernetes counts
// in. Up, because each of them is a time that somebody was promised; at least 1,
// because Kubernetes takes 0 for "the default" or refuses it.
func wholeSeconds(d time.Duration) int32 {
	return int32(min(max(ceilDiv(d, time.Second), 1), math.MaxInt32))
}

// ceilDiv is how many units it takes to cover d.
func ceilDiv(d, unit time.Duration) int64 {
	return int64((d + unit - 1) / unit)
}
