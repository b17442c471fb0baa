package sentiment

import "math"

// A Network is what is trained: an embedding a feature, their mean, one
// hidden layer, two logits. Matrices are row-major.
type Network struct {
	Buckets, Dim, Hidden int

	Embedding []float32 // (Buckets+1) × Dim; row 0 is padding and stays zero
	W1        []float32 // Dim × Hidden
	B1        []float32 // Hidden
	W2        []float32 // Hidden × 2
	B2        []float32 // 2
}

// activations are the intermediate values of one forward pass, kept for the
// backward pass.
type activations struct {
	mean, hidden []float32
	logits, prob [2]float32
}

func (n *Network) newActivations() *activations {
	return &activations{mean: make([]float32, n.Dim), hidden: make([]float32, n.Hidden)}
}

// forward computes the class probabilities of a text's ids. Products are
// converted to float32 before they are added, which forbids the compiler to
// fuse them: the same bytes come out on every architecture.
func (n *Network) forward(a *activations, ids []int64) {
	clear(a.mean)
	for _, id := range ids {
		row := n.Embedding[int(id)*n.Dim:][:n.Dim]
		for j, v := range row {
			a.mean[j] += v
		}
	}
	inv := 1 / float32(max(len(ids), 1))
	for j := range a.mean {
		a.mean[j] *= inv
	}
	copy(a.hidden, n.B1)
	for j, m := range a.mean {
		w := n.W1[j*n.Hidden:][:n.Hidden]
		for k := range a.hidden {
			a.hidden[k] += float32(m * w[k])
		}
	}
	a.logits = [2]float32{n.B2[0], n.B2[1]}
	for k, h := range a.hidden {
		h = max(h, 0)
		a.hidden[k] = h
		a.logits[0] += float32(h * n.W2[2*k])
		a.logits[1] += float32(h * n.W2[2*k+1])
	}
	p := float32(1 / (1 + math.Exp(float64(a.logits[0]-a.logits[1]))))
	a.prob = [2]float32{1 - p, p}
}

// Positive returns the probability that a text with these ids is positive.
func (n *Network) Positive(ids []int64) float64 {
	a := n.newActivations()
	n.forward(a, ids)
	return float64(a.prob[1])
}
