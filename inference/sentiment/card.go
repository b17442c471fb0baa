package sentiment

import (
	"bytes"
	"fmt"
	"strings"
)

// A Report is everything that a training run found out.
type Report struct {
	Settings    Settings
	Snippets    []Snippet
	Temperature float64
	Validation  []Prediction
	Test        []Prediction
	ModelSHA256 string
	ModelBytes  int
}

// Card writes the model card, in Markdown.
func (r *Report) Card() []byte {
	var b bytes.Buffer
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	p("<!-- Written by cmd/train together with the model; do not edit. -->")
	p("# Model card: sentiment")
	p("")
	p("Says whether a short English text speaks well or ill of its subject. It is the example model of the inference")
	p("server: real enough to be right four times out of five, small enough to be made again in seconds.")
	p("")
	p("- **Input** `%s`: int64 `[batch, length]`, ids of hashed words (`%s`, %d buckets; word beginnings of %d letters;", Input, r.Settings.Text.Kind, r.Settings.Text.Buckets, r.Settings.Text.Stem)
	p("  words within %d after a negation count as other words); 0 is padding. `config.json` holds the exact numbers.", r.Settings.Text.NegationReach)
	p("- **Output** `%s`: float `[batch, 2]`, for %s.", Output, strings.Join(Labels(), " and "))
	p("- **Network**: embedding of %d, mean, hidden layer of %d with ReLU, softmax. `model.onnx` has %d bytes, SHA-256", r.Settings.Dim, r.Settings.Hidden, r.ModelBytes)
	p("  `%s`.", r.ModelSHA256)
	p("")
	p("## Data")
	p("")
	p("%d snippets, each rated by 20 people from -4 to 4: movie reviews, Amazon reviews, tweets, New York Times", len(r.Snippets))
	p("editorials. Source: C.J. Hutto and E. Gilbert, \"VADER: A Parsimonious Rule-based Model for Sentiment Analysis of")
	p("Social Media Text\", ICWSM 2014 (the data published with the paper; vaderSentiment is under the MIT licence). The")
	p("snippets are not part of this repository.")
	p("")
	p("Split by group (a review, an editorial, a tweet), never by line: 70 %% train, 10 %% validation, 20 %% test, by a hash of")
	p("the group's name. Snippets with a mean rating between %.1f and %.1f are neutral: the model trains on them (the target", -r.Settings.Neutral, r.Settings.Neutral)
	p("is a soft one, the sigmoid of the rating), but the tables leave them out.")
	p("")
	p("## How it was tuned, and what saw the test split")
	p("")
	p("The weights come from the train split alone. The settings were chosen by hand, by accuracy on the validation split;")
	p("how many were tried was not written down, so the validation score flatters. The temperature %.3f, which calibrates", r.Temperature)
	p("the confidence, is the likeliest on the validation split. The kind of network was taken from an experiment on the same")
	p("snippets, split otherwise.")
	p("")
	p("The test split chooses nothing in the program. Each run of `train` predicts it once, at its end, when weights and")
	p("temperature are fixed, for the tables below and for `accuracy` in `config.json`; with the same settings it is the")
	p("same predictions every time. Before there was `train --validate`, which scores the validation split and leaves the")
	p("test split alone, every run printed the test score too. How many runs preceded the settings that are committed was not")
	p("recorded; that none was chosen by its test score is the author's word.")
	p("")
	p("## Accuracy on the test split")
	p("")
	p("| source | snippets | accuracy | 95 %% interval (Wilson) | 95 %% interval (groups resampled) | majority class |")
	p("| --- | --- | --- | --- | --- | --- |")
	for _, s := range BySource(r.Test) {
		p("| %s | %d | %s | %s – %s | %s – %s | %s |", s.Name, s.Count, percent(s.Accuracy()),
			percent(s.Wilson[0]), percent(s.Wilson[1]), percent(s.Grouped[0]), percent(s.Grouped[1]), percent(s.Majority))
	}
	v := Evaluate("validation", r.Validation)
	p("")
	p("For comparison, on the validation split: %s of %d.", percent(v.Accuracy()), v.Count)
	p("")
	p("## Calibration on the test split")
	p("")
	p("| confidence | snippets | mean confidence | accuracy |")
	p("| --- | --- | --- | --- |")
	bins, ece := Calibration(r.Test)
	for _, c := range bins {
		p("| %.2f – %.2f | %d | %s | %s |", c.Low, c.High, c.Count, percent(c.Confidence), percent(c.Accuracy))
	}
	p("")
	p("Expected calibration error: %s.", percent(ece))
	p("")
	p("## Limits")
	p("")
	p("- English only. Words of another language are hashed like any other and mean nothing.")
	p("- It has no class for neutral text; a confidence near 0.5 is the closest it comes.")
	p("- It sees words, not sentences: irony, comparison (\"better than the awful first part\") and long-range negation are")
	p("  beyond it. Editorials are its weakest source, because they report bad news in praise of somebody.")
	p("- The raters and writers are those of 2014 and before. Do not use it to judge people.")
	p("")
	p("## Made by")
	p("")
	p("`make -C inference train DATA=<folder with the snippets>`; the same data give the same bytes on every run.")
	return b.Bytes()
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
