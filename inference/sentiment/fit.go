package sentiment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/mlfleet/mlfleet/inference/ngram"
)

// Settings is everything that was chosen on the validation split.
type Settings struct {
	Text      ngram.Config `json:"text"`
	Dim       int          `json:"dim"`
	Hidden    int          `json:"hidden"`
	Epochs    int          `json:"epochs"`
	Batch     int          `json:"batch"`
	Rate      float64      `json:"rate"`      // Adam's step, falling linearly to 0
	Decay     float64      `json:"decay"`     // decoupled weight decay, a step
	Drop      float64      `json:"drop"`      // share of features left out of each text
	Sharpness float64      `json:"sharpness"` // target = sigmoid(sharpness × rating)
	Neutral   float64      `json:"neutral"`   // |rating| below this is neutral: trained on, but not scored
	Seed      uint64       `json:"seed"`
}

// Chosen are the settings of the committed model, found by hand on the
// validation split.
func Chosen() Settings {
	return Settings{
		Text: ngram.Config{
			Kind: ngram.Kind, Buckets: 1 << 16, Orders: 1, Stem: 4, MaxIDs: 512, NegationReach: 4,
			Negators: []string{
				"ain't", "aren't", "can't", "cannot", "cant", "couldn't", "didn't", "doesn't", "don't", "dont",
				"hadn't", "hardly", "hasn't", "haven't", "isn't", "neither", "never", "no", "nor", "not",
				"nothing", "shouldn't", "wasn't", "weren't", "without", "won't", "wouldn't",
			},
		},
		Dim: 16, Hidden: 16, Epochs: 8, Batch: 32, Rate: 0.003, Drop: 0.3,
		Sharpness: 1, Neutral: 0.5, Seed: 1,
	}
}

type example struct {
	ids    []int64
	target float32
}

// Fit trains a network on snippets. The result depends on its arguments
// alone.
func Fit(set Settings, snippets []Snippet) (*Network, error) {
	enc, err := ngram.New(set.Text)
	if err != nil {
		return nil, fmt.Errorf("settings of the text features: %w", err)
	}
	rng := rand.New(rand.NewPCG(set.Seed, 0x9e3779b97f4a7c15))
	examples := make([]example, len(snippets))
	for i, s := range snippets {
		examples[i] = example{
			ids:    enc.Encode(nil, s.Text),
			target: float32(1 / (1 + math.Exp(-set.Sharpness*s.Rating))),
		}
	}
	net := initial(set, rng)
	opt := newAdam(net, set)
	steps := set.Epochs * ((len(examples) + set.Batch - 1) / set.Batch)
	step := 0
	for range set.Epochs {
		rng.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
		for at := 0; at < len(examples); at += set.Batch {
			batch := examples[at:min(at+set.Batch, len(examples))]
			opt.step(batch, rng, 1-float64(step)/float64(steps))
			step++
		}
	}
	return net, nil
}

func initial(set Settings, rng *rand.Rand) *Network {
	n := &Network{Buckets: set.Text.Buckets, Dim: set.Dim, Hidden: set.Hidden}
	n.Embedding = normal(rng, (n.Buckets+1)*n.Dim, 0.05)
	clear(n.Embedding[:n.Dim])
	n.W1 = normal(rng, n.Dim*n.Hidden, math.Sqrt(2/float64(n.Dim)))
	n.B1 = make([]float32, n.Hidden)
	n.W2 = normal(rng, n.Hidden*2, math.Sqrt(1/float64(n.Hidden)))
	n.B2 = make([]float32, 2)
	return n
}

func normal(rng *rand.Rand, n int, deviation float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64() * deviation)
	}
	return v
}

// adam is Adam (Kingma and Ba, 2015) with decoupled weight decay. Embedding
// rows are updated only in the steps that touch them, each with its own step
// count: rare features then move as far as common ones.
type adam struct {
	net  *Network
	set  Settings
	act  *activations
	grad Network

	first, second Network
	rowSteps      []int
	touched       []int64
	kept          []int64
	steps         int
}

const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

func newAdam(net *Network, set Settings) *adam {
	zero := func() Network {
		return Network{
			Dim: net.Dim, Hidden: net.Hidden,
			Embedding: make([]float32, len(net.Embedding)),
			W1:        make([]float32, len(net.W1)), B1: make([]float32, len(net.B1)),
			W2: make([]float32, len(net.W2)), B2: make([]float32, len(net.B2)),
		}
	}
	return &adam{
		net: net, set: set, act: net.newActivations(),
		grad: zero(), first: zero(), second: zero(),
		rowSteps: make([]int, net.Buckets+1),
	}
}

// step makes one update from a batch; scale shrinks the rate over the run.
func (a *adam) step(batch []example, rng *rand.Rand, scale float64) {
	a.touched = a.touched[:0]
	for _, ex := range batch {
		a.kept = a.kept[:0]
		for _, id := range ex.ids {
			if rng.Float64() >= a.set.Drop {
				a.kept = append(a.kept, id)
			}
		}
		a.backward(a.kept, ex.target, 1/float32(len(batch)))
	}
	a.steps++
	rate := a.set.Rate * scale
	update := func(w, g, m, v []float32, steps int, decay float64) {
		c1 := 1 - math.Pow(beta1, float64(steps))
		c2 := 1 - math.Pow(beta2, float64(steps))
		for i := range w {
			m[i] = float32(beta1*m[i]) + float32((1-beta1)*g[i])
			v[i] = float32(beta2*v[i]) + float32((1-beta2)*float32(g[i]*g[i]))
			d := float64(m[i]) / c1 / (math.Sqrt(float64(v[i])/c2) + epsilon)
			w[i] -= float32(float64(rate*d) + float64(decay*float64(w[i])))
			g[i] = 0
		}
	}
	n, dim := a.net, a.net.Dim
	for _, id := range a.touched {
		at := int(id) * dim
		a.rowSteps[id] = -a.rowSteps[id] // unmark; see backward
		update(n.Embedding[at:][:dim], a.grad.Embedding[at:][:dim], a.first.Embedding[at:][:dim],
			a.second.Embedding[at:][:dim], a.rowSteps[id], a.set.Decay*scale)
	}
	update(n.W1, a.grad.W1, a.first.W1, a.second.W1, a.steps, a.set.Decay*scale)
	update(n.B1, a.grad.B1, a.first.B1, a.second.B1, a.steps, 0)
	update(n.W2, a.grad.W2, a.first.W2, a.second.W2, a.steps, a.set.Decay*scale)
	update(n.B2, a.grad.B2, a.first.B2, a.second.B2, a.steps, 0)
}

// backward adds one example's gradient of the cross-entropy. A row of the
// embedding is marked as touched in this step by a negative step count.
func (a *adam) backward(ids []int64, target, weight float32) {
	n, g, act := a.net, &a.grad, a.act
	n.forward(act, ids)
	d := (act.prob[1] - target) * weight
	g.B2[0] -= d
	g.B2[1] += d
	dMean := make([]float32, n.Dim)
	for k, h := range act.hidden {
		if h <= 0 {
			continue
		}
		g.W2[2*k] -= float32(d * h)
		g.W2[2*k+1] += float32(d * h)
		dh := float32(d * (n.W2[2*k+1] - n.W2[2*k]))
		g.B1[k] += dh
		for j, m := range act.mean {
			g.W1[j*n.Hidden+k] += float32(dh * m)
			dMean[j] += float32(dh * n.W1[j*n.Hidden+k])
		}
	}
	inv := 1 / float32(max(len(ids), 1))
	for _, id := range ids {
		if a.rowSteps[id] >= 0 {
			a.rowSteps[id] = -(a.rowSteps[id] + 1)
			a.touched = append(a.touched, id)
		}
		row := g.Embedding[int(id)*n.Dim:][:n.Dim]
		for j, v := range dMean {
			row[j] += float32(v * inv)
		}
	}
}
