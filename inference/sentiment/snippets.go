package sentiment

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Snippet is one human-rated text.
type Snippet struct {
	Source string  // the file it comes from, without "Snippets" and ".txt"
	Group  string  // what must stay on one side of a split: a review, an editorial, a tweet
	Rating float64 // mean of the raters, -4 (very negative) to 4
	Text   string
}

// Positive tells the class.
func (s *Snippet) Positive() bool { return s.Rating > 0 }

// Read reads every .txt file of a folder, in the order of their names: one
// snippet a line, "id <tab> rating <tab> text". An id of the form group_line
// names its group; other ids are their own group.
func Read(dir string) ([]Snippet, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, fmt.Errorf("list the snippets in %s: %w", dir, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no .txt files in %s", dir)
	}
	var all []Snippet
	for _, name := range names {
		all, err = readFile(all, name)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readFile(all []Snippet, name string) ([]Snippet, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read snippets: %w", err)
	}
	defer f.Close()
	source := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".txt"), "Snippets")
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		s, err := parse(source, strings.TrimRight(lines.Text(), "\r"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return all, nil
}

func parse(source, line string) (Snippet, error) {
	id, rest, ok := strings.Cut(line, "\t")
	rating, text, ok2 := strings.Cut(rest, "\t")
	if !ok || !ok2 {
		return Snippet{}, fmt.Errorf("want three columns split by tabs")
	}
	r, err := strconv.ParseFloat(rating, 64)
	if err != nil || !(r >= -4 && r <= 4) {
		return Snippet{}, fmt.Errorf("rating %q is not a number from -4 to 4", rating)
	}
	if !utf8.ValidString(text) {
		return Snippet{}, fmt.Errorf("text is not UTF-8")
	}
	group, _, _ := strings.Cut(id, "_")
	return Snippet{Source: source, Group: source + "/" + group, Rating: r, Text: text}, nil
}

// A Split says what a snippet is used for.
type Split int

// The splits: Train fits the weights, Validation chooses everything that is
// chosen by looking at a score, Test chooses nothing.
const (
	Train Split = iota
	Validation
	Test
)

// SplitOf assigns whole groups: 70 % train, 10 % validation, 20 % test. It
// depends on the group's name alone, so that adding a source moves no other.
func SplitOf(s *Snippet) Split {
	h := fnv.New64a()
	h.Write([]byte(s.Group))
	h.Write([]byte("/split")) // the last bytes of a short name need stirring
	switch n := (h.Sum64() >> 20) % 10; {
	case n < 2:
		return Test
	case n < 3:
		return Validation
	default:
		return Train
	}
}
