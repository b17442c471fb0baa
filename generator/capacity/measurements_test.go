package capacity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// begins is a Monday.
var begins = time.Date(2026, time.September, 7, 0, 0, 0, 0, time.UTC)

// measured writes a file of hours in which requests per second are the hour's number.
func measured(hours int, interval time.Duration) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for t := begins; t.Before(begins.Add(time.Duration(hours) * time.Hour)); t = t.Add(interval) {
		fmt.Fprintf(&b, "%s,%d\n", t.Format(time.RFC3339), int(t.Sub(begins).Hours())%HoursOfWeek)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	whole := measured(4*HoursOfWeek, time.Hour)
	for name, text := range map[string]string{
		"hours":                        whole,
		"five minutes":                 measured(4*HoursOfWeek, 5*time.Minute),
		"no newline at the end":        strings.TrimSuffix(whole, "\n"),
		"as Windows writes it":         "\ufeff" + strings.ReplaceAll(whole, "\n", "\r\n"),
		"comments":                     "# by hand\n" + strings.Replace(whole, "\n", "\n# more\n", 3),
		"another time zone":            strings.ReplaceAll(whole, "Z,", "-05:00,"),
		"half an hour more at the end": measured(4*HoursOfWeek, 30*time.Minute) + "2026-10-05T00:00:00Z,999\n",
	} {
		m, findings := Parse("x.csv", []byte(text))
		if len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
			continue
		}
		if len(m.weeks) != 4 {
			t.Errorf("%s: %d weeks", name, len(m.weeks))
		}
		for i, week := range m.weeks {
			for h, got := range week {
				if want := float64((h + 6*24) % HoursOfWeek); got != want { // a week begins on Sunday here
					t.Fatalf("%s: %g in hour %d of week %d, want %g", name, got, h, i, want)
				}
			}
		}
		if zone := map[bool]string{true: "Etc/GMT+5", false: "UTC"}[name == "another time zone"]; m.TimeZone != zone {
			t.Errorf("%s: the time zone is %s", name, m.TimeZone)
		}
	}
}

// Of an hour the highest measurement counts, and weeks end with the last whole hour.
func TestParseTakesPeaks(t *testing.T) {
	text := strings.Replace(measured(4*HoursOfWeek+30, 15*time.Minute), "T05:30:00Z,5\n", "T05:30:00Z,5000.5\n", 1)
	m, findings := Parse("x.csv", []byte(text))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if len(m.weeks) != 4 || m.weeks[0][24+5] != 5 || m.weeks[0][2*24+6] != 30 {
		t.Errorf("%d weeks, of the first %g and %g", len(m.weeks), m.weeks[0][24+5], m.weeks[0][2*24+6])
	}
	text = measured(4*HoursOfWeek, 15*time.Minute)
	m, findings = Parse("x.csv", []byte(strings.Replace(text, "T05:30:00Z,5\n", "T05:30:00Z,5000.5\n", 1)))
	if len(findings) > 0 || m.weeks[0][24+5] != 5000.5 {
		t.Errorf("%v, %v", findings, m)
	}
}

func TestParseRefuses(t *testing.T) {
	rows := func(lines ...string) string { return header + "\n" + strings.Join(lines, "\n") + "\n" }
	const first, second = "2026-09-07T00:00:00Z,5", "2026-09-07T01:00:00Z,5"
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":                      {"", `x.csv:1:1: the file has no header ("time,requestsPerSecond")`},
		"only a comment":               {"# soon\n", `x.csv:1:1: the file has no header ("time,requestsPerSecond")`},
		"another header":               {"time;rps\n" + first, `x.csv:1:1: the header is "time;rps" ("time,requestsPerSecond")`},
		"UTF-16":                       {"\xff\xfet\x00i\x00", `x.csv:1:1: the header is "\xff\xfet\x00i\x00" ("time,requestsPerSecond")`},
		"another separator":            {rows("2026-09-07T00:00:00Z;5"), `x.csv:2:1: the line "2026-09-07T00:00:00Z;5" has no comma (a time and requests per second, such as 2026-11-02T08:00:00Z,125)`},
		"an empty line":                {rows("", first), `x.csv:2:1: the line "" has no comma (a time and requests per second, such as 2026-11-02T08:00:00Z,125)`},
		"not a number":                 {rows("2026-09-07T00:00:00Z,many"), `x.csv:2:22: "many" is not a number (requests per second)`},
		"no number":                    {rows("2026-09-07T00:00:00Z,"), `x.csv:2:22: "" is not a number (requests per second)`},
		"NaN":                          {rows("2026-09-07T00:00:00Z,NaN"), `x.csv:2:22: "NaN" is not a number (requests per second)`},
		"infinity":                     {rows("2026-09-07T00:00:00Z,+Inf"), `x.csv:2:22: "+Inf" is not a number (requests per second)`},
		"negative":                     {rows("2026-09-07T00:00:00Z,-0.5"), `x.csv:2:22: -0.5 requests per second are fewer than none — correct it, or leave out what was not measured, up to whole weeks`},
		"a slip of a unit":             {rows("2026-09-07T00:00:00Z,2e9"), `x.csv:2:22: 2e9 requests per second are more than any model gets (at most 1e9)`},
		"no time zone":                 {rows("2026-09-07T00:00:00,5"), `x.csv:2:1: "2026-09-07T00:00:00" is not a time with its offset from UTC (such as 2026-11-02T08:00:00Z)`},
		"mixed time zones":             {rows(first, "2026-09-07T02:00:00+01:00,5"), `x.csv:3:1: the time zone is +01:00, and +00:00 before (one for all times) — write all times in UTC`},
		"twice":                        {rows(first, second, second), `x.csv:4:1: 2026-09-07T01:00:00Z is not after 2026-09-07T01:00:00Z (times in order, each once)`},
		"backwards":                    {rows(second, first), `x.csv:3:1: 2026-09-07T00:00:00Z is not after 2026-09-07T01:00:00Z (times in order, each once)`},
		"a gap":                        {rows(first, second, "2026-09-07T04:00:00Z,5", "2026-09-07T05:00:00Z,5"), `x.csv:4:1: a gap: nothing between 2026-09-07T01:00:00Z and 2026-09-07T04:00:00Z (a line every 1h0m0s) — measure again, or begin the file after the gap`},
		"days":                         {rows(first, "2026-09-08T00:00:00Z,5", "2026-09-09T00:00:00Z,5"), `x.csv:3:1: an interval is 24h0m0s (one that divides an hour, such as 5m or 1h)`},
		"seven minutes":                {rows(first, "2026-09-07T00:07:00Z,5"), `x.csv:3:1: an interval is 7m0s (one that divides an hour, such as 5m or 1h)`},
		"half an hour east":            {strings.ReplaceAll(measured(4*HoursOfWeek, time.Hour), "Z,", "+05:30,"), `x.csv:2:1: the times' offset from UTC is none of whole hours between -12:00 and +14:00 — write all times in UTC`},
		"offset after comments":        {"# by hand\n" + header + "\n# more\n2026-09-07T00:00:00+05:30,5\n", `x.csv:4:1: the times' offset from UTC is none of whole hours between -12:00 and +14:00 — write all times in UTC`},
		"beyond the earth":             {strings.ReplaceAll(measured(4*HoursOfWeek, time.Hour), "Z,", "+15:00,"), `x.csv:2:1: the times' offset from UTC is none of whole hours between -12:00 and +14:00 — write all times in UTC`},
		"underscores":                  {rows("2026-09-07T00:00:00Z,1_000"), `x.csv:2:22: "1_000" is not a decimal number (requests per second, such as 16 or 0.5)`},
		"hexadecimal":                  {rows("2026-09-07T00:00:00Z,0x1p4"), `x.csv:2:22: "0x1p4" is not a decimal number (requests per second, such as 16 or 0.5)`},
		"no requests":                  {silent(4*HoursOfWeek, 0), `x.csv:2:1: no requests are to be expected after these measurements (some in the last week, and in most weeks) — measure while the model is asked, or declare a profile until then`},
		"no requests in the last week": {silent(5*HoursOfWeek, HoursOfWeek), `x.csv:2:1: no requests are to be expected after these measurements (some in the last week, and in most weeks) — measure while the model is asked, or declare a profile until then`},
		"too short":                    {measured(4*HoursOfWeek-1, time.Hour), `x.csv:672:1: the file has 3 whole weeks (at least 4) — measure longer, or declare a profile until then`},
		"one line":                     {rows(first), `x.csv:2:1: the file has 0 whole weeks (at least 4) — measure longer, or declare a profile until then`},
	} {
		m, findings := Parse("x.csv", []byte(tc.text))
		if m != nil || len(findings) != 1 || findings[0].String() != tc.want {
			t.Errorf("%s: got\n%v\nwant\n%s", name, findings, tc.want)
		}
	}
	bad := rows(strings.Split(strings.Repeat("x\n", 30)+"x", "\n")...)
	if _, findings := Parse("x.csv", []byte(bad)); len(findings) != mostFindings {
		t.Errorf("%d findings of a file that is wrong in every line", len(findings))
	}
}

// silent writes a file of hours with requests in the first of them only.
func silent(hours, asked int) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for h := range hours {
		fmt.Fprintf(&b, "%s,%d\n", begins.Add(time.Duration(h)*time.Hour).Format(time.RFC3339), min(1, max(0, asked-h)))
	}
	return b.String()
}

// One mistake in a file of hours is one finding, at its line, whatever follows it.
func TestOneMistakeIsOneFinding(t *testing.T) {
	lines := strings.SplitAfter(measured(4*HoursOfWeek, time.Hour), "\n")
	with := func(line int, text ...string) string {
		return strings.Join(slices.Concat(lines[:line-1], text, lines[line:]), "")
	}
	half := strings.SplitAfter(measured(4*HoursOfWeek, 30*time.Minute), "\n")
	winter := strings.ReplaceAll(strings.Join(lines[300:], ""), ":00:00Z", ":00:00+01:00")
	for name, tc := range map[string]struct{ text, want string }{
		"negative":                {with(102, "2026-09-11T04:00:00Z,-4\n"), "x.csv:102:22: -4 requests per second are fewer than none"},
		"NaN":                     {with(102, "2026-09-11T04:00:00Z,NaN\n"), `x.csv:102:22: "NaN" is not a number`},
		"beyond all numbers":      {with(102, "2026-09-11T04:00:00Z,1e400\n"), `x.csv:102:22: "1e400" is not a number`},
		"no comma":                {with(102, "2026-09-11T04:00:00Z;4\n"), `x.csv:102:1: the line "2026-09-11T04:00:00Z;4" has no comma`},
		"no time":                 {with(102, "2026-09-11 04:00,4\n"), `x.csv:102:1: "2026-09-11 04:00" is not a time with its offset from UTC`},
		"another offset":          {with(102, "2026-09-11T04:00:00+01:00,4\n"), "x.csv:102:1: the time zone is +01:00, and +00:00 before"},
		"another offset for good": {strings.Join(lines[:300], "") + winter, "x.csv:301:1: the time zone is +01:00, and +00:00 before"},
		"a year too late":         {with(102, "2027-09-11T04:00:00Z,4\n"), "x.csv:102:1: a gap: nothing between 2026-09-11T03:00:00Z and 2027-09-11T04:00:00Z"},
		"a year too early":        {with(102, "2025-09-11T04:00:00Z,4\n"), "x.csv:102:1: 2025-09-11T04:00:00Z is not after 2026-09-11T03:00:00Z"},
		"a minute too early":      {with(102, "2026-09-11T03:59:00Z,4\n"), "x.csv:102:1: 2026-09-11T03:59:00Z is 59m0s after 2026-09-11T03:00:00Z"},
		"half a second late":      {with(102, "2026-09-11T04:00:00.5Z,4\n"), "x.csv:102:1: a gap: nothing between 2026-09-11T03:00:00Z and 2026-09-11T04:00:00.5Z"},
		"two lines swapped": {strings.Join(slices.Concat(lines[:101], []string{lines[102], lines[101]}, lines[103:]), ""),
			"x.csv:103:1: 2026-09-11T04:00:00Z is not after 2026-09-11T05:00:00Z (times in order, each once)"},
		"a line too early": {strings.Join(slices.Concat(lines[:101], lines[110:111], lines[101:110], lines[111:]), ""),
			"x.csv:103:1: 2026-09-11T04:00:00Z is not after 2026-09-11T13:00:00Z (times in order, each once)"},
		"the last line first": {strings.Join(slices.Concat(lines[:1], lines[672:], lines[1:672]), ""),
			"x.csv:3:1: 2026-09-07T00:00:00Z is not after 2026-10-04T23:00:00Z (times in order, each once)"},
		"the newest first": {lines[0] + strings.Join(reversed(lines[1:673]), ""),
			"x.csv:3:1: 2026-10-04T22:00:00Z is not after 2026-10-04T23:00:00Z (times in order, each once)"},
		"a line that is lost":    {with(102), "x.csv:102:1: a gap: nothing between 2026-09-11T03:00:00Z and 2026-09-11T05:00:00Z (a line every 1h0m0s)"},
		"a line that is doubled": {with(102, lines[101], lines[101]), "x.csv:103:1: 2026-09-11T04:00:00Z is not after 2026-09-11T04:00:00Z"},
		"a file that is doubled": {strings.Join(lines, "") + strings.Join(lines[1:], ""), "x.csv:674:1: 2026-09-07T00:00:00Z is not after 2026-10-04T23:00:00Z"},
		"a gap at the beginning": {with(3), "x.csv:3:1: a gap: nothing between 2026-09-07T00:00:00Z and 2026-09-07T02:00:00Z (a line every 1h0m0s)"},
		"a gap as long as an hour at the beginning": {strings.Join(slices.Concat(half[:2], half[3:]), ""),
			"x.csv:3:1: a gap: nothing between 2026-09-07T00:00:00Z and 2026-09-07T01:00:00Z (a line every 30m0s)"},
		"the first line's rate": {with(2, "2026-09-07T00:00:00Z,-1\n"), "x.csv:2:22: -1 requests per second are fewer than none"},
		"the first line's time": {with(2, "yesterday,1\n"), `x.csv:2:1: "yesterday" is not a time with its offset from UTC`},
	} {
		if _, findings := Parse("x.csv", []byte(tc.text)); len(findings) != 1 || !strings.HasPrefix(findings[0].String(), tc.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", name, findings, tc.want)
		}
	}
}

func reversed(lines []string) []string {
	out := slices.Clone(lines)
	slices.Reverse(out)
	return out
}

// Whatever is in a file, it is refused with a place in it, or understood, and then
// what is planned can be started.
func FuzzParse(f *testing.F) {
	f.Add([]byte(measured(4*HoursOfWeek, time.Hour)))
	f.Add([]byte("\ufeff" + header + "\r\n2026-09-07T00:00:00+14:00,1e9\r\n"))
	f.Add([]byte(header + "\n9999-12-31T23:59:59Z,0x1p-2\n0000-01-01T00:00:00Z,1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, findings := Parse("x.csv", data)
		if (m == nil) == (len(findings) == 0) {
			t.Fatalf("measurements %v and findings %v", m, findings)
		}
		for _, finding := range findings {
			if finding.Line < 1 || finding.Column < 1 {
				t.Errorf("a finding without a place: %v", finding)
			}
		}
		if m == nil {
			return
		}
		p := Plan(m.Forecast().Planned, busy(0, 0), m.TimeZone, 1, time.Minute)
		if p.Replicas.Min < 1 || p.Replicas.Max <= p.Replicas.Min || len(p.Schedules) > mostSchedules {
			t.Errorf("the plan is %+v", p)
		}
	})
}
