package modelconfig

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMissingFileIsAnEmptyConfig(t *testing.T) {
	c, err := Read(filepath.Join(t.TempDir(), "config.json"))
	if err != nil || c.MaxBatchSize != 0 || c.Text != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"no JSON":               `model`,
		"two values":            `{} {}`,
		"a misspelt field":      `{"maxBatchsize2": 4}`,
		"a negative batch":      `{"maxBatchSize": -1}`,
		"an accuracy above 1":   `{"accuracy": 79.7}`,
		"an empty padding":      `{"pad": {"x": {"value": 0}}}`,
		"a padding upside down": `{"pad": {"x": {"min": 9, "max": 8}}}`,
		"a huge padding":        `{"pad": {"x": {"max": 1e9}}}`,
		"an empty range":        `{"range": {"x": {"min": 2, "max": 1}}}`,
		"text without labels":   `{"text": {"input": "a", "output": "b", "labels": []}}`,
		"text of another kind":  `{"text": {"input": "a", "output": "b", "labels": ["c"], "features": {"kind": "bpe"}}}`,
		"a huge file":           `{"description": "` + strings.Repeat("x", maxSize) + `"}`,
	} {
		if c, err := Parse([]byte(content)); err == nil {
			t.Errorf("%s is accepted: %+v", name, c)
		}
	}
}

func TestCommittedConfigParses(t *testing.T) {
	b, err := os.ReadFile("../models/sentiment/1/config.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(b)
	if err != nil || c.Text == nil || c.Accuracy == nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestPadLengths(t *testing.T) {
	p := Pad{Min: 8, Max: 100}
	for n, want := range map[int64]int64{0: 8, 1: 8, 8: 8, 9: 16, 64: 64, 65: 100, 100: 100} {
		if got, err := p.Length(n); err != nil || got != want {
			t.Errorf("length %d becomes %d, %v, want %d", n, got, err, want)
		}
	}
	if _, err := p.Length(101); err == nil {
		t.Error("a length above the maximum is accepted")
	}
	if got, want := p.Lengths(), []int64{8, 16, 32, 64, 100}; !slices.Equal(got, want) {
		t.Errorf("lengths are %v, want %v", got, want)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"sentiment": true, "v1.2-rc_3": true, "3": true, "": false, ".": false, "..": false, ".hidden": false,
		"a/b": false, "a b": false, "ä": false, "a\x00": false, strings.Repeat("a", 65): false,
	} {
		if got := ValidName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"pad": {"x": {"min": 8, "max": 512}}, "accuracy": 0.5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		for _, p := range c.Pad {
			if n := len(p.Lengths()); n < 1 || n > 64 {
				t.Fatalf("%+v has %d lengths", p, n)
			}
		}
	})
}
