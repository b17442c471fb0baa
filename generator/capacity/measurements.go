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
// spreadsheets write them. The findings are errors, in no particular order; without any
// there are Measurements.
func Parse(file string, data []byte) (*Measurements, fleet.Findings) {
	p := parser{file: file}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for line := range strings.Lines(text) {
		p.line++
		p.read(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
		if p.full() {
			return nil, p.findings
		}
	}
	if !p.began {
		p.line = 1
		p.refuse(1, "the file has no header", fmt.Sprintf("%q", header), "")
		return nil, p.findings
	}
	p.sequence()
	if len(p.findings) > 0 {
		return nil, p.findings
	}
	m := p.measurements()
	if len(p.findings) > 0 {
		return nil, p.findings
	}
	return m, nil
}

// parser reads a file line by line, and then looks at how its times follow each other.
type parser struct {
	file     string
	line     int
	began    bool // the header was there
	lost     bool // what follows would only repeat what was said
	rows     []row
	interval time.Duration
	times    map[time.Time]int // how many rows have a time, in UTC
	disorder bool              // times out of order were reported
	findings fleet.Findings
}

// row is a line of measurements.
type row struct {
	line  int
	when  string
	at    time.Time
	known bool    // that at is a right time; a wrong one is reported
	rate  float64 // 0 where it is no rate, which is reported
}

func (p *parser) refuse(column int, message, expected, fix string) {
	p.findings = append(p.findings, fleet.Finding{
		Position: fleet.Position{File: p.file, Line: p.line, Column: column}, Severity: fleet.Error,
		Message: message, Expected: expected, Fix: fix,
	})
}

// full says whether enough was said of the file.
func (p *parser) full() bool { return p.lost || len(p.findings) >= mostFindings }

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
		p.rows = append(p.rows, p.row(line))
	}
}

// row reads a line. One half of it may be wrong: the other is still looked at, so that
// a wrong rate leaves no gap.
func (p *parser) row(line string) row {
	r := row{line: p.line}
	when, rate, ok := strings.Cut(line, ",")
	if !ok {
		p.refuse(1, fmt.Sprintf("the line %.80q has no comma", line), "a time and requests per second, such as 2026-11-02T08:00:00Z,125", "")
		return r
	}
	r.when = when
	var err error
	r.at, err = time.Parse(time.RFC3339, when)
	if r.known = err == nil; !r.known {
		p.refuse(1, fmt.Sprintf("%.80q is not a time with its offset from UTC", when), "such as 2026-11-02T08:00:00Z", "")
	}
	r.rate = p.rate(rate, len(when)+2)
	return r
}

// rate reads requests per second, which stand at a column.
func (p *parser) rate(text string, column int) float64 {
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0):
		p.refuse(column, fmt.Sprintf("%.80q is not a number", text), "requests per second", "")
	case strings.ContainsAny(text, "xX_"): // 0x1p4 and 1_6, which Go takes for sixteen
		p.refuse(column, fmt.Sprintf("%.80q is not a decimal number", text), "requests per second, such as 16 or 0.5", "")
	case n < 0:
		p.refuse(column, fmt.Sprintf("%s requests per second are fewer than none", text), "", "correct it, or leave out what was not measured, up to whole weeks")
	case n > mostRate:
		p.refuse(column, text+" requests per second are more than any model gets", "at most 1e9", "")
	default:
		return n
	}
	return 0
}

// measurements takes whole weeks out of what was read, up to the last whole hour.
func (p *parser) measurements() *Measurements {
	name := "UTC"
	if len(p.rows) > 0 {
		var ok bool
		if name, ok = zoneName(offset(p.rows[0])); !ok {
			p.line = p.rows[0].line
			p.refuse(1, "the times' offset from UTC is none of whole hours between -12:00 and +14:00", "", "write all times in UTC")
			return nil
		}
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
	switch {
	case len(m.weeks) < minWeeks:
		p.refuse(1, fmt.Sprintf("the file has %d whole weeks", len(m.weeks)), fmt.Sprintf("at least %d", minWeeks), "measure longer, or declare a profile until then")
	case m.silent():
		p.line = p.rows[0].line
		p.refuse(1, "no requests are to be expected after these measurements", "some in the last week, and in most weeks",
			"measure while the model is asked, or declare a profile until then")
	}
	return m
}

// silent says whether the forecast is a week without any requests, from which no
// replicas can be computed.
func (m *Measurements) silent() bool {
	planned := fit(m.weeks).Planned
	return planned[planned.peak()] == 0
}

// hourly is the highest rate of each whole hour, and when the last of them begins.
func (p *parser) hourly() (peaks []float64, last time.Time) {
	per := 1
	if p.interval > 0 {
		per = int(time.Hour / p.interval)
	}
	for i := 0; i+per <= len(p.rows); {
		at := p.rows[i].at
		if at.Minute() != 0 || at.Second() != 0 {
			i++ // an hour that the file begins within
			continue
		}
		peak := 0.0
		for _, r := range p.rows[i : i+per] {
			peak = max(peak, r.rate)
		}
		peaks, last = append(peaks, peak), at
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
