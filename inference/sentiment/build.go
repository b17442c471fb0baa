package sentiment

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/sums"
)

// Tune trains on the snippets, calibrates the confidence on the validation
// split and scores that split. The test split takes no part: this is what to
// compare settings by.
func Tune(set Settings, snippets []Snippet) (*Network, *Report, error) {
	var train []Snippet
	for i := range snippets {
		if SplitOf(&snippets[i]) == Train {
			train = append(train, snippets[i])
		}
	}
	net, err := Fit(set, train)
	if err != nil {
		return nil, nil, err
	}
	r := &Report{Settings: set, Snippets: snippets}
	raw, err := Predict(net, set, snippets, Validation)
	if err != nil {
		return nil, nil, err
	}
	r.Temperature = Calibrate(net, raw)
	if r.Validation, err = Predict(net, set, snippets, Validation); err != nil {
		return nil, nil, err
	}
	return net, r, nil
}

// Build does what Tune does, then predicts the test split, once, and writes a
// version of the model to dir, with model.onnx, config.json and SHA256SUMS. What
// it writes depends on the arguments alone.
func Build(dir string, set Settings, snippets []Snippet) (*Report, error) {
	net, r, err := Tune(set, snippets)
	if err != nil {
		return nil, err
	}
	if r.Test, err = Predict(net, set, snippets, Test); err != nil {
		return nil, err
	}
	return r, r.write(dir, net)
}

func (r *Report) write(dir string, net *Network) error {
	model := net.ONNX(map[string]string{"licence": "MIT", "task": "text-classification"})
	r.ModelBytes, r.ModelSHA256 = len(model), fmt.Sprintf("%x", sha256.Sum256(model))
	accuracy := math.Round(Evaluate("test", r.Test).Accuracy()*1e4) / 1e4
	config, err := json.MarshalIndent(&modelconfig.Config{
		Name:        "sentiment",
		Description: "Positive or negative, for short English texts; see the model card.",
		Pad:         map[string]modelconfig.Pad{Input: {Min: 8, Max: int64(r.Settings.Text.MaxIDs)}},
		Range:       map[string]modelconfig.Range{Input: {Min: 0, Max: int64(r.Settings.Text.Buckets)}},
		Text:        &modelconfig.Text{Input: Input, Output: Output, Labels: Labels(), Features: r.Settings.Text},
		Accuracy:    &accuracy,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the model's folder: %w", err)
	}
	for name, b := range map[string][]byte{"model.onnx": model, "config.json": append(config, '\n')} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("write the model: %w", err)
		}
	}
	_, err = sums.Write(dir)
	return err
}
