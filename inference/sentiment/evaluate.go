package sentiment

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/mlfleet/mlfleet/inference/ngram"
)

// A Prediction is a network's answer for one snippet that is not neutral.
type Prediction struct {
	Snippet  *Snippet
	Positive float64 // probability
}

// Right says whether the likelier class is the raters'.
func (p Prediction) Right() bool { return (p.Positive > 0.5) == p.Snippet.Positive() }

// Predict answers every snippet of a split that is not neutral.
func Predict(n *Network, set Settings, snippets []Snippet, split Split) ([]Prediction, error) {
	enc, err := ngram.New(set.Text)
	if err != nil {
		return nil, err
	}
	var out []Prediction
	var ids []int64
	for i := range snippets {
		s := &snippets[i]
		if SplitOf(s) != split || math.Abs(s.Rating) < set.Neutral {
			continue
		}
		ids = enc.Encode(ids[:0], s.Text)
		out = append(out, Prediction{s, n.Positive(ids)})
	}
	return out, nil
}

// A Score sums up predictions.
type Score struct {
	Name     string
	Count    int
	Right    int
	Majority float64    // accuracy of always answering the commoner class
	Wilson   [2]float64 // 95 % interval of the accuracy, snippets independent
	Grouped  [2]float64 // 95 % interval, whole groups resampled
}

// Accuracy is the share of right answers.
func (s Score) Accuracy() float64 { return float64(s.Right) / float64(max(s.Count, 1)) }

// Evaluate scores predictions under a name.
func Evaluate(name string, preds []Prediction) Score {
	s := Score{Name: name, Count: len(preds)}
	positive := 0
	for _, p := range preds {
		if p.Right() {
			s.Right++
		}
		if p.Snippet.Positive() {
			positive++
		}
	}
	s.Majority = float64(max(positive, s.Count-positive)) / float64(max(s.Count, 1))
	s.Wilson = wilson(s.Right, s.Count)
	s.Grouped = bootstrap(preds)
	return s
}

// BySource scores each source, in the order of their names, and all of them.
func BySource(preds []Prediction) []Score {
	sources := map[string][]Prediction{}
	for _, p := range preds {
		sources[p.Snippet.Source] = append(sources[p.Snippet.Source], p)
	}
	var names []string
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []Score
	for _, name := range names {
		out = append(out, Evaluate(name, sources[name]))
	}
	return append(out, Evaluate("all", preds))
}

// wilson is the score interval for a share (E. B. Wilson, 1927) at 95 %.
func wilson(right, count int) [2]float64 {
	if count == 0 {
		return [2]float64{0, 1}
	}
	const z = 1.959964
	n, p := float64(count), float64(right)/float64(count)
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return [2]float64{mid - half, mid + half}
}

// bootstrap resamples groups, because the sentences of one review stand or
// fall together: 1,000 draws from a fixed seed.
func bootstrap(preds []Prediction) [2]float64 {
	type tally struct{ right, count int }
	at := map[string]int{}
	var groups []tally
	for _, p := range preds {
		i, ok := at[p.Snippet.Group]
		if !ok {
			i = len(groups)
			at[p.Snippet.Group] = i
			groups = append(groups, tally{})
		}
		groups[i].count++
		if p.Right() {
			groups[i].right++
		}
	}
	if len(groups) == 0 {
		return [2]float64{0, 1}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const draws = 1000
	shares := make([]float64, draws)
	for d := range shares {
		var sum tally
		for range groups {
			g := groups[rng.IntN(len(groups))]
			sum.right += g.right
			sum.count += g.count
		}
		shares[d] = float64(sum.right) / float64(sum.count)
	}
	slices.Sort(shares)
	return [2]float64{shares[draws*25/1000], shares[draws*975/1000-1]}
}

// A Bin is a row of the calibration table: the predictions whose confidence
// (probability of the answer given) lies in [Low, High).
type Bin struct {
	Low, High  float64
	Count      int
	Confidence float64 // mean
	Accuracy   float64
}

// Calibration tells how far a confidence can be trusted: ten answers given
// at 0.9 should be right nine times. It returns bins of 0.05 from 0.5 and the
// expected calibration error, the mean distance of the two weighted by count.
func Calibration(preds []Prediction) (bins []Bin, expected float64) {
	bins = make([]Bin, 10)
	for i := range bins {
		bins[i].Low, bins[i].High = 0.5+0.05*float64(i), 0.5+0.05*float64(i+1)
	}
	for _, p := range preds {
		c := max(p.Positive, 1-p.Positive)
		b := &bins[min(int((c-0.5)*20), len(bins)-1)]
		b.Count++
		b.Confidence += c
		if p.Right() {
			b.Accuracy++
		}
	}
	for i := range bins {
		b := &bins[i]
		if b.Count == 0 {
			continue
		}
		b.Confidence /= float64(b.Count)
		b.Accuracy /= float64(b.Count)
		expected += math.Abs(b.Confidence-b.Accuracy) * float64(b.Count) / float64(len(preds))
	}
	return bins, expected
}

// Calibrate divides the logits by the temperature under which the
// probabilities of a split (the validation split) are likeliest (Guo et al.,
// 2017). The answers stay the same; their confidence becomes honest.
func Calibrate(n *Network, preds []Prediction) (temperature float64) {
	loss := func(t float64) (sum float64) {
		for _, p := range preds {
			logit := math.Log(p.Positive/(1-p.Positive)) / t
			if !p.Snippet.Positive() {
				logit = -logit
			}
			sum += math.Log1p(math.Exp(-logit))
		}
		return sum
	}
	temperature = 1
	for i := range 400 { // a grid of 1 % steps: the loss is flat around its minimum
		if t := 0.2 * math.Pow(1.01, float64(i)); loss(t) < loss(temperature) {
			temperature = t
		}
	}
	for _, w := range [][]float32{n.W2, n.B2} {
		for i := range w {
			w[i] = float32(float64(w[i]) / temperature)
		}
	}
	return temperature
}
