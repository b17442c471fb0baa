package capacity

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the sample fleet's measurements")

const sampleFile = "../../tenants/deltamed/traffic/triage-notes.csv"

// sample is six invented weeks of the sample fleet's triage-notes: letters come in the
// morning and once more in the afternoon, on Mondays most, a little more every week,
// and with some chance in each hour.
func sample() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Invented: 2 + 58 × day × (exp(-((h-10.5)/3)²) + 0.6 × exp(-((h-15)/2.5)²)) × 1.01^week × (1 ± 0.08), where day is")
	fmt.Fprintln(&b, "# 1.15 on Mondays, 0.85 on Fridays, 0.25 and 0.15 at the weekend, else 1. Written by generator/capacity/sample_test.go.")
	fmt.Fprintln(&b, header)
	day := map[time.Weekday]float64{time.Monday: 1.15, time.Friday: 0.85, time.Saturday: 0.25, time.Sunday: 0.15}
	hill := func(h, top, width float64) float64 {
		x := (h - top) / width
		return math.Exp(-float64(x * x))
	}
	for i := range 6 * HoursOfWeek {
		at := begins.Add(time.Duration(i) * time.Hour)
		busy, ok := day[at.Weekday()]
		if !ok {
			busy = 1
		}
		h := float64(at.Hour())
		chance := fnv.New32a()
		fmt.Fprint(chance, i)
		noise := 1 + float64(0.08*(float64(chance.Sum32()%2001)/1000-1)) // a conversion keeps processors from fusing
		rate := 2 + float64(58*busy*(hill(h, 10.5, 3)+float64(0.6*hill(h, 15, 2.5)))*math.Pow(1.01, float64(i/HoursOfWeek))*noise)
		fmt.Fprintf(&b, "%s,%.1f\n", at.Format(time.RFC3339), rate)
	}
	return b.Bytes()
}

// The sample file is what its formula gives, and the method foretells it better than
// repeating the week before does.
func TestSample(t *testing.T) {
	if *update {
		if err := os.WriteFile(sampleFile, sample(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(sampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, sample()) {
		t.Error("the file is not what its formula gives: go test ./generator/capacity -update")
	}
	m, findings := Parse(sampleFile, data)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	f := m.Forecast()
	if f.Test.Error >= f.Test.Naive || f.Test.Error > 0.08 {
		t.Errorf("off by %.3f, and the week before by %.3f", f.Test.Error, f.Test.Naive)
	}
}
