package fleet

import (
	"fmt"
	"math"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TrafficProfile is the requests that a model gets in each of its clusters, from which
// its replicas are computed: declared (Profile, Otherwise and TimeZone) or measured
// (Measurements).
type TrafficProfile struct {
	// ThroughputPerReplica is requests per second that one replica was measured to serve.
	ThroughputPerReplica float64 `json:"throughputPerReplica"`
	// Utilization is percent of that at which replicas are to work.
	Utilization int            `json:"utilization"`
	Profile     []TrafficHours `json:"profile,omitempty"`
	// Otherwise is requests per second in the hours that Profile does not name.
	Otherwise float64 `json:"otherwise,omitempty"`
	TimeZone  string  `json:"timeZone,omitempty"` // IANA
	// Measurements names a file, tenants/<tenant>/traffic/<name>.csv.
	Measurements string `json:"measurements,omitempty"`
}

// TrafficHours are hours of the week and the requests per second in them.
type TrafficHours struct {
	Days              string  `json:"days,omitempty"` // mon-fri; empty = every day
	Hours             string  `json:"hours"`          // 9-17: from 9:00 to before 17:00
	RequestsPerSecond float64 `json:"requestsPerSecond"`
}

// CapacityPlan is the replicas that were computed from a TrafficProfile, with what a
// reader needs to do it again by hand.
type CapacityPlan struct {
	TrafficProfile
	Peak, Quiet         float64 // requests per second
	PeakHour, QuietHour string  // "mon 09:00"
	// Needed replicas serve the peak; Scheduled are those with the headroom of a
	// schedule, and Replicas what came out. The most that a model may have are more or
	// fewer where a later layer sets replicas.max.
	Needed, Scheduled int32
	Replicas          Replicas
	Schedules         []Schedule
	// Levels are the replicas of other hours than the peak and the quietest one, most
	// first: with those, all that Schedules and Replicas.Min want.
	Levels []CapacityLevel
	// Lead is how long before an hour its replicas are started.
	Lead metav1.Duration
	// Forecast is nil for a declared profile.
	Forecast *ForecastQuality
}

// Reason says for people which hour a plan's numbers are from.
func (p *CapacityPlan) Reason() string {
	requests := strconv.FormatFloat(math.Round(p.Peak*10)/10, 'f', -1, 64)
	return fmt.Sprintf("%s requests/s (%s) ÷ (%v a replica × %d %%) = %d, and headroom", requests, p.PeakHour, p.ThroughputPerReplica, p.Utilization, p.Needed)
}

// CapacityLevel is a number of replicas that a plan has ready, and the busiest of the
// hours that it is for.
type CapacityLevel struct {
	RequestsPerSecond float64
	Hour              string // "mon 09:00"
	// Needed replicas serve the hour; Replicas are those with the headroom of a schedule.
	Needed, Replicas int32
}

// ForecastQuality is what a forecast was learnt from, and how it did on weeks that
// it had not seen. Errors are shares of all requests, Above of all hours.
type ForecastQuality struct {
	Weeks, TestWeeks         int
	Error, NaiveError, Above float64
}

// Headroom of a plan beyond what the peak needs, in percent.
const (
	ScheduledHeadroom = 20 // what schedules have ready
	MaximumHeadroom   = 60 // what autoscaling may add up to
)
