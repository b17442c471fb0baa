package sentiment

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/mlfleet/mlfleet/inference/sums"
)

// synthetic writes snippets in which a few words decide the rating.
func synthetic(t *testing.T) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 1))
	words := []string{"film", "plot", "camera", "phone", "the", "a", "of", "it"}
	var b bytes.Buffer
	for i := range 2000 {
		rating, mood := 2.5, "wonderful"
		if i%2 == 0 {
			rating, mood = -2.5, "dreadful"
		}
		fmt.Fprintf(&b, "%d_%d\t%g\t%s %s %s\r\n", i/4, i, rating, words[rng.IntN(8)], mood, words[rng.IntN(8)])
	}
	if err := os.WriteFile(filepath.Join(dir, "madeSnippets.txt"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTrainingLearnsAndIsReproducible(t *testing.T) {
	snippets, err := Read(synthetic(t))
	if err != nil {
		t.Fatal(err)
	}
	set := Chosen()
	set.Text.Buckets, set.Epochs = 1<<10, 2
	var sum [2]string
	for i := range sum {
		dir := t.TempDir()
		r, err := Build(dir, set, snippets)
		if err != nil {
			t.Fatal(err)
		}
		if a := Evaluate("test", r.Test).Accuracy(); a < .99 {
			t.Errorf("learned a trivial rule to %.2f", a)
		}
		if sum[i], err = sums.Verify(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	if sum[0] != sum[1] {
		t.Errorf("two runs gave %s and %s", sum[0], sum[1])
	}
}

// TestTuningLeavesTheTestSplitAlone: whatever the test split says, Tune gives the
// same network and the same scores.
func TestTuningLeavesTheTestSplitAlone(t *testing.T) {
	snippets, err := Read(synthetic(t))
	if err != nil {
		t.Fatal(err)
	}
	set := Chosen()
	set.Text.Buckets, set.Epochs = 1<<10, 1
	var model [2][]byte
	var right [2]int
	for i := range model {
		net, r, err := Tune(set, snippets)
		if err != nil {
			t.Fatal(err)
		}
		if r.Test != nil {
			t.Error("the test split was predicted")
		}
		model[i], right[i] = net.ONNX(nil), Evaluate("validation", r.Validation).Right
		for k := range snippets { // the second time the test split is nonsense
			if s := &snippets[k]; SplitOf(s) == Test {
				s.Rating, s.Text = -s.Rating, "nothing like it"
			}
		}
	}
	if !bytes.Equal(model[0], model[1]) || right[0] != right[1] {
		t.Error("the test split had a say")
	}
}

func TestGroupsStayOnOneSide(t *testing.T) {
	snippets, err := Read(synthetic(t))
	if err != nil {
		t.Fatal(err)
	}
	side, count := map[string]Split{}, map[Split]int{}
	for i := range snippets {
		s := &snippets[i]
		if was, ok := side[s.Group]; ok && was != SplitOf(s) {
			t.Fatalf("group %s is in two splits", s.Group)
		}
		side[s.Group] = SplitOf(s)
		count[SplitOf(s)]++
	}
	if len(side) != 500 || count[Test] < 250 || count[Validation] < 100 || count[Train] < 1200 {
		t.Errorf("%d groups, splits %v", len(side), count)
	}
}

// TestCommittedModel pins the bytes: a model is changed by training it, together
// with its card and this hash.
func TestCommittedModel(t *testing.T) {
	b, err := os.ReadFile("../models/sentiment/1/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	const want = "bfa50d1a4a3057a5383fa47b6523d279bc837c272b0429c3ca8969b7f49e994f"
	if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
		t.Errorf("model.onnx has sha256 %s, want %s", got, want)
	}
	if _, err := sums.Verify(t.Context(), "../models/sentiment/1"); err != nil {
		t.Error(err)
	}
	card, err := os.ReadFile("../models/sentiment/README.md")
	if err != nil || !bytes.Contains(card, []byte(want)) {
		t.Errorf("the card does not name the model's hash (%v)", err)
	}
}
