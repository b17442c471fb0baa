package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"

	robfig "github.com/robfig/cron/v3"
)

// Schedule fires at times of a clock, in whichever time zone it is asked about.
type Schedule struct{ spec robfig.SpecSchedule }

// Parse reads a schedule such as "0 8 * * 1-5": minute, hour, day of month, month and
// day of week, nothing else.
func Parse(text string) (Schedule, error) {
	if strings.Contains(text, "=") { // TZ=…, which robfig/cron would take
		return Schedule{}, errors.New("the schedule has a time zone of its own")
	}
	parsed, err := robfig.NewParser(robfig.Minute | robfig.Hour | robfig.Dom | robfig.Month | robfig.Dow).Parse(text)
	if err != nil {
		return Schedule{}, err
	}
	spec, ok := parsed.(*robfig.SpecSchedule)
	if !ok {
		return Schedule{}, fmt.Errorf("not a schedule of five fields but a %T", parsed)
	}
	return Schedule{*spec}, nil
}

// epoch is where looking ahead begins: a leap year, so that all dates lie ahead.
var epoch = time.Date(2028, time.January, 1, 0, 0, 0, 0, time.UTC)

// Never says whether the schedule names days that no year has, such as 31 February.
func (s Schedule) Never() bool { return s.next(epoch).IsZero() }

// next is the first time after t, in the time zone of t; zero where none comes within
// five years.
func (s Schedule) next(t time.Time) time.Time { return s.spec.Next(t) }

// everyDay is how robfig/cron notes a field that is a star.
const everyDay = 1 << 63

// weekly says whether every week is like every other.
func (s Schedule) weekly() bool { return s.spec.Dom&everyDay != 0 && s.spec.Month&everyDay != 0 }
