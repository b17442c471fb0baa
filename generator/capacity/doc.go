// Package capacity computes how many replicas a model needs from the requests that
// reach it. It takes a declared profile, or a file of measurements that nobody has
// looked at yet, and gives requests per second for each hour of a week, and from
// those the fewest replicas, the most, and the times at which more than the fewest
// are wanted.
//
// The arithmetic is meant to be followed by hand: requests per second, over what a
// replica serves times the share of that at which it should work, rounded up; a
// fifth more of that is scheduled, and three fifths more are the most.
//
// Measurements are forecast by the hour of the week. Each past week is divided by
// its mean; what an hour usually is of its week (the median over the weeks), times
// the level of the last week, times the usual growth from week to week (the median
// too), is expected, and what the hour is in one week of ten (the 90th percentile)
// is planned for. The same method, given only the weeks before, is then held against
// each of the later half of the weeks.
package capacity
