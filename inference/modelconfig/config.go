// Package modelconfig is the config.json beside a model.onnx: what the model
// file itself cannot say. The trainer writes it, the server reads it, and both
// use this one definition.
package modelconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/mlfleet/mlfleet/inference/ngram"
)

// maxSize bounds the file: a configuration is small, and it is read whole.
const maxSize = 1 << 20

// A Config is the content of config.json. Every field may be left out, and so
// may the file.
type Config struct {
	// Name, if given, must be the name of the model's folder: a guard against
	// an artifact that was put in the wrong place.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// MaxBatchSize is the most rows that the model can take at once. The
	// server's own limit applies as well; the smaller one counts.
	MaxBatchSize int `json:"maxBatchSize,omitempty"`
	// NoBatching keeps requests apart, for a model whose first dimension is
	// open but is not one of independent rows.
	NoBatching bool `json:"noBatching,omitempty"`
	// Pad names the inputs whose second dimension may be filled up, so that
	// requests of different lengths share a batch.
	Pad map[string]Pad `json:"pad,omitempty"`
	// Range names the integer inputs whose values are bounded, such as ids that
	// index a table. A value outside is the client's mistake; without a range
	// it would fail the run.
	Range map[string]Range `json:"range,omitempty"`
	// AllowNonFinite lets NaN and infinities into floating point inputs.
	AllowNonFinite bool `json:"allowNonFinite,omitempty"`
	// Text makes the model answer POST /predict.
	Text *Text `json:"text,omitempty"`
	// Accuracy is the share of right answers on held-out data, 0 to 1,
	// reported as ml_model_accuracy_score.
	Accuracy *float64 `json:"accuracy,omitempty"`
}

// A Range is the values from Min to Max, both included.
type Range struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// Pad says how an input is filled up: to the next power of two, at least Min
// and at most Max, with Value.
type Pad struct {
	Value int64 `json:"value"`
	Min   int64 `json:"min,omitempty"`
	Max   int64 `json:"max"`
}

// maxPad bounds Pad.Max, and with it what warming up allocates.
const maxPad = 1 << 20

// Text describes a text classifier.
type Text struct {
	Input    string       `json:"input"`  // the input that takes the ids
	Output   string       `json:"output"` // the output with one probability a label
	Labels   []string     `json:"labels"` // in the order of the output's columns
	Features ngram.Config `json:"features"`
}

// Read reads a config.json. A file that is not there is an empty Config.
func Read(path string) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &Config{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the model's configuration: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	c, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse decodes and checks a configuration. Unknown fields are errors: a
// misspelt one would otherwise silently do nothing.
func Parse(b []byte) (*Config, error) {
	if len(b) > maxSize {
		return nil, fmt.Errorf("larger than %d bytes", maxSize)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	c := &Config{}
	if err := d.Decode(c); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return c, c.check()
}

func (c *Config) check() error {
	if c.MaxBatchSize < 0 {
		return fmt.Errorf("maxBatchSize is %d, want 1 or more", c.MaxBatchSize)
	}
	if a := c.Accuracy; a != nil && !(*a >= 0 && *a <= 1) {
		return fmt.Errorf("accuracy is %v, want 0 to 1", *a)
	}
	for name, p := range c.Pad {
		if p.Min < 0 || p.Max < 1 || p.Max > maxPad || p.Min > p.Max {
			return fmt.Errorf("pad of %q runs from %d to %d, want 0 ≤ min ≤ max ≤ %d, max ≥ 1", name, p.Min, p.Max, maxPad)
		}
	}
	for name, r := range c.Range {
		if r.Min > r.Max {
			return fmt.Errorf("range of %q is empty: %d to %d", name, r.Min, r.Max)
		}
	}
	if c.Text == nil {
		return nil
	}
	if len(c.Text.Labels) == 0 || c.Text.Input == "" || c.Text.Output == "" {
		return errors.New("text needs input, output and labels")
	}
	if _, err := ngram.New(c.Text.Features); err != nil {
		return fmt.Errorf("text.features: %w", err)
	}
	return nil
}

// Length is the padded length for a length, or an error when it is too long.
func (p Pad) Length(n int64) (int64, error) {
	if n > p.Max {
		return 0, fmt.Errorf("length %d exceeds the model's %d", n, p.Max)
	}
	size := max(p.Min, 1)
	for size < n {
		size *= 2
	}
	return min(size, p.Max), nil
}

// Lengths are all padded lengths, shortest first.
func (p Pad) Lengths() []int64 {
	var out []int64
	for n := int64(0); n <= p.Max && n < math.MaxInt32; {
		l, _ := p.Length(n)
		out = append(out, l)
		n = l + 1
	}
	return out
}
