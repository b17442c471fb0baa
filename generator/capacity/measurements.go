package capacity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

const (
	// MaxSize is the largest file of measurements, in bytes: a year of five minutes.
	MaxSize = 4 << 20
	// minWeeks are three weeks to learn from and one to be tested on.
	minWeeks = 4
	// mostRate is beyond what any model is asked, so that a slip of a unit is found.
	mostRate = 1e9
	// mostFindings of a file are enough to see what is wrong with it.
	mostFindings = 10

	header = "time,requestsPerSecond"
)

// Measurements are the requests per second that a model got, in whole weeks.
type Measurements struct {
	// TimeZone is the IANA name of the times' offset from UTC.
	TimeZone string
	// weeks are the highest measurement of each hour, week by week, the last one last.
	weeks []Week
}

// Parse reads a CSV file: the header "time,requestsPerSecond", then a line for each of
// equally long intervals, which divide an hour: when it began, as RFC 3339 with the
// same offset in every line, and the requests per second in it. Lines that begin with
// # are comments. Lines may end as on Windows, and a byte order mark may come first, as
// spreadsheets write them. The findings are errors; without any there are Measurements.
func Parse(file string, data []byte) (*Measurements, fleet.Findings) {
	p := parser{file: file}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for line := range strings.Lines(text) {
		p.line++
		p.read(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
		if p.lost || len(p.findings) >= mostFindings {
			return nil, p.findings
		}
	}
	if !p.began {
		p.line = 1
		p.refuse(1, "the file has no header", fmt.Sprintf("%q", header), "")
	}
	if len(p.findings) > 0 {
		return nil, p.findings
	}
	m := p.measurements()
	if len(p.findings) > 0 {
		return nil, p.findings
	}
	return m, nil
}

// parser reads a file line by line.
type parser struct {
	file     string
	line     int
	began    bool // the header was there
	lost     bool // what follows would only repeat what was said
	zone     int  // seconds east of UTC, of the first line
	interval time.Duration
	times    []time.Time
	rates    []float64
	findings fleet.Findings
}

func (p *parser) refuse(column int, message, expected, fix string) {
	p.findings = append(p.findings, fleet.Finding{
		Position: fleet.Position{File: p.file, Line: p.line, Column: column}, Severity: fleet.Error,
		Message: message, Expected: expected, Fix: fix,
	})
}

func (p *parser) read(line string) {
	switch {
	case strings.HasPrefix(line, "#"):
	case !p.began:
		p.began = true
		if line != header {
			p.lost = true
			p.refuse(1, fmt.Sprintf("the header is %.80q", line), fmt.Sprintf("%q", header), "")
		}
	default:
		p.row(line)
	}
}

func (p *parser) row(line string) {
	when, rate, ok := strings.Cut(line, ",")
	if !ok {
		p.refuse(1, fmt.Sprintf("the line %.80q has no comma", line), "a time and requests per second, such as 2026-11-02T08:00:00Z,125", "")
		return
	}
	n, err := strconv.ParseFloat(rate, 64)
	switch {
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0):
		p.refuse(len(when)+2, fmt.Sprintf("%.80q is not a number", rate), "requests per second", "")
		return
	case n < 0:
		p.refuse(len(when)+2, fmt.Sprintf("%s requests per second are fewer than none", rate), "", "correct it, or leave out what was not measured, up to whole weeks")
		return
	case n > mostRate:
		p.refuse(len(when)+2, rate+" requests per second are more than any model gets", "at most 1e9", "")
		return
	}
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		p.refuse(1, fmt.Sprintf("%.80q is not a time with its offset from UTC", when), "such as 2026-11-02T08:00:00Z", "")
		return
	}
	if p.follows(at, when) {
		p.times, p.rates = append(p.times, at), append(p.rates, n)
	}
}

// follows says whether a time is the next one, in the time zone of all.
func (p *parser) follows(at time.Time, when string) bool {
	_, zone := at.Zone()
	n := len(p.times)
	if n == 0 {
		p.zone = zone
		return true
	}
	if zone != p.zone {
		p.refuse(1, "the time zone is "+at.Format("-07:00")+", and "+p.times[0].Format("-07:00")+" before", "one for all times", "write all times in UTC")
		return false
	}
	step := at.Sub(p.times[n-1])
	if step <= 0 {
		p.refuse(1, when+" is not after "+p.times[n-1].Format(time.RFC3339), "times in order, each once", "")
		return false
	}
	if n == 1 {
		if step > time.Hour || time.Hour%step != 0 {
			p.lost = true
			p.refuse(1, "an interval is "+step.String(), "one that divides an hour, such as 5m or 1h", "")
			return false
		}
		p.interval = step
	}
	if step != p.interval {
		p.refuse(1, "a gap: nothing between "+p.times[n-1].Format(time.RFC3339)+" and "+when, "a line every "+p.interval.String(),
			"measure again, or begin the file after the gap")
		p.times[n-1] = at.Add(-p.interval) // what follows is about the next gap
	}
	return true
}

// measurements takes whole weeks out of what was read, up to the last whole hour.
func (p *parser) measurements() *Measurements {
	name, ok := zoneName(p.zone)
	if !ok {
		p.line = 2
		p.refuse(1, "the times' offset from UTC is none of whole hours between -12:00 and +14:00", "", "write all times in UTC")
		return nil
	}
	peaks, last := p.hourly()
	m := &Measurements{TimeZone: name}
	for n := len(peaks); n >= HoursOfWeek; n -= HoursOfWeek {
		var week Week
		for i, v := range peaks[n-HoursOfWeek : n] {
			hour := last.Add(time.Duration(i-HoursOfWeek+1) * time.Hour)
			week[int(hour.Weekday())*24+hour.Hour()] = v
		}
		m.weeks = append([]Week{week}, m.weeks...)
	}
	if len(m.weeks) < minWeeks {
		p.refuse(1, fmt.Sprintf("the file has %d whole weeks", len(m.weeks)), fmt.Sprintf("at least %d", minWeeks), "measure longer, or declare a profile until then")
	}
	return m
}

// hourly is the highest rate of each whole hour, and when the last of them begins.
func (p *parser) hourly() (peaks []float64, last time.Time) {
	per := 1
	if p.interval > 0 {
		per = int(time.Hour / p.interval)
	}
	for i := 0; i+per <= len(p.times); {
		if p.times[i].Minute() != 0 || p.times[i].Second() != 0 {
			i++ // an hour that the file begins within
			continue
		}
		peak := 0.0
		for _, rate := range p.rates[i : i+per] {
			peak = max(peak, rate)
		}
		peaks, last = append(peaks, peak), p.times[i]
		i += per
	}
	return peaks, last
}

// zoneName is the IANA name of an offset of whole hours; the signs of those in Etc
// are the other way round (POSIX).
func zoneName(offset int) (string, bool) {
	switch {
	case offset == 0:
		return "UTC", true
	case offset%3600 != 0 || offset < -12*3600 || offset > 14*3600: // the database has no others
		return "", false
	}
	return fmt.Sprintf("Etc/GMT%+d", -offset/3600), true
}
