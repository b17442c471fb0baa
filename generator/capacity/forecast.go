package capacity

import (
	"math"
	"slices"
)

// planned is the share of weeks in which an hour should have no more requests than
// are planned for.
const planned = 0.9

// Forecast is what the next week is thought to bring.
type Forecast struct {
	Expected Week // the middle of what may come
	Planned  Week // what replicas are planned for
	Weeks    int  // that it was learnt from
	Test     Backtest
}

// Backtest is how the same method did on weeks that it had not seen.
type Backtest struct {
	Weeks int
	// Error is the sum of how far each hour was off what was expected, as a share of
	// all requests: the mean absolute percentage error, weighted by requests, because
	// the plain one is undefined in hours without any. Naive is the same of taking the
	// week before for a forecast.
	Error, Naive float64
	// Above is the share of hours with more requests than were planned for.
	Above float64
}

// Forecast is the forecast for the week after the measurements.
func (m *Measurements) Forecast() Forecast {
	f := fit(m.weeks)
	f.Test = backtest(m.weeks)
	return f
}

// fit learns from weeks.
func fit(weeks []Week) Forecast {
	f := Forecast{Weeks: len(weeks)}
	level := mean(weeks[len(weeks)-1]) * growth(weeks)
	for h := range HoursOfWeek {
		var shares []float64
		for _, w := range weeks {
			if average := mean(w); average > 0 {
				shares = append(shares, w[h]/average)
			}
		}
		f.Expected[h], f.Planned[h] = level*quantile(shares, 0.5), level*quantile(shares, planned)
	}
	return f
}

// backtest forecasts each of the later half of the weeks from those before it.
func backtest(weeks []Week) Backtest {
	var t Backtest
	var off, offNaive, total float64
	above := 0
	for i := max(2, len(weeks)/2); i < len(weeks); i++ {
		f := fit(weeks[:i])
		for h, actual := range weeks[i] {
			off += math.Abs(actual - f.Expected[h])
			offNaive += math.Abs(actual - weeks[i-1][h])
			total += actual
			if actual > f.Planned[h] {
				above++
			}
		}
		t.Weeks++
	}
	if total > 0 {
		t.Error, t.Naive = off/total, offNaive/total
	}
	t.Above = float64(above) / float64(t.Weeks*HoursOfWeek)
	return t
}

// growth is by what the mean of a week usually (the median) differs from that of the
// week before; 1 where nothing can be compared.
func growth(weeks []Week) float64 {
	var ratios []float64
	for i := 1; i < len(weeks); i++ {
		if before := mean(weeks[i-1]); before > 0 {
			ratios = append(ratios, mean(weeks[i])/before)
		}
	}
	if len(ratios) == 0 {
		return 1
	}
	return quantile(ratios, 0.5)
}

func mean(w Week) float64 {
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	return sum / HoursOfWeek
}

// quantile is the smallest value that at least the share q of them do not exceed; 0
// of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}
