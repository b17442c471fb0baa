// Command train makes the sentiment model that ships with the server: reads
// the rated snippets, trains, writes the model and its card, and prints the
// accuracy. With --validate it only prints the accuracy on the validation split,
// for comparing settings, and leaves the test split alone.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mlfleet/mlfleet/inference/sentiment"
)

func main() {
	data := flag.String("data", "", "folder with the rated snippets (required)")
	out := flag.String("out", "models/sentiment", "the model's folder; version 1 is written below it")
	validate := flag.Bool("validate", false, "score the validation split, write nothing")
	flag.Parse()
	if *data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*data, *out, *validate); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out string, validate bool) error {
	snippets, err := sentiment.Read(data)
	if err != nil {
		return err
	}
	if validate {
		_, report, err := sentiment.Tune(sentiment.Chosen(), snippets)
		if err != nil {
			return err
		}
		show(sentiment.Evaluate("validation", report.Validation))
		return nil
	}
	report, err := sentiment.Build(filepath.Join(out, "1"), sentiment.Chosen(), snippets)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "README.md"), report.Card(), 0o644); err != nil {
		return fmt.Errorf("write the model card: %w", err)
	}
	show(append(sentiment.BySource(report.Test), sentiment.Evaluate("validation", report.Validation))...)
	fmt.Printf("model.onnx sha256 %s\n", report.ModelSHA256)
	return nil
}

func show(scores ...sentiment.Score) {
	for _, s := range scores {
		fmt.Printf("%-14s %5d snippets  %.2f %% right  (95 %%: %.2f – %.2f)\n",
			s.Name, s.Count, 100*s.Accuracy(), 100*s.Wilson[0], 100*s.Wilson[1])
	}
}
