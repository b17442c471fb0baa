package schemas

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// ruleCase is a document that a definition must accept or refuse.
type ruleCase struct {
	name       string // the file and line it stands in
	definition string
	doc        any
	at         string // the path of the error; "" where the document is good
}

// ruleFile is testdata/rules/<definition>.yaml; its README tells what it means.
type ruleFile struct {
	Definition string      `yaml:"definition"`
	Base       string      `yaml:"base"`
	Good       []yaml.Node `yaml:"good"`
	Bad        []yaml.Node `yaml:"bad"`
	Many       []manyCase  `yaml:"many"`
}

type manyCase struct {
	List   string `yaml:"list"`
	Item   string `yaml:"item"`
	Count  int    `yaml:"count"`
	Vary   string `yaml:"vary"`
	Prefix string `yaml:"prefix"`
	Suffix string `yaml:"suffix"`
}

// ruleCases reads every case of testdata/rules.
func ruleCases(tb testing.TB) []ruleCase {
	tb.Helper()
	paths, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no rule cases: %v", err)
	}
	var cases []ruleCase
	for _, path := range paths {
		var file ruleFile
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		if err := decoder.Decode(&file); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		cases = append(cases, file.cases(tb, path)...)
	}
	return cases
}

func (f ruleFile) cases(tb testing.TB, path string) []ruleCase {
	tb.Helper()
	base, err := os.ReadFile(filepath.Join("testdata/good", f.Base))
	if err != nil {
		tb.Fatal(err)
	}
	cases := []ruleCase{{name: f.Base, definition: f.Definition, doc: decode(tb, base)}}
	change := func(node yaml.Node) ruleCase {
		c := ruleCase{name: fmt.Sprintf("%s:%d", path, node.Line), definition: f.Definition}
		var doc any = decode(tb, base)
		for i := 0; i < len(node.Content); i += 2 {
			key := node.Content[i].Value
			var value any
			if err := node.Content[i+1].Decode(&value); err != nil {
				tb.Fatalf("%s: %v", c.name, err)
			}
			where, remove := strings.CutPrefix(key, "-")
			switch {
			case key == "at":
				c.at = value.(string)
				continue
			case c.at == "":
				c.at = where
			}
			var changed bool
			if doc, changed = with(doc, strings.Split(where, "/"), value, remove); !changed {
				tb.Fatalf("%s: nothing to change at %s", c.name, key)
			}
		}
		c.doc = doc
		return c
	}
	for _, node := range f.Good {
		c := change(node)
		c.at = ""
		cases = append(cases, c)
	}
	for _, node := range f.Bad {
		cases = append(cases, change(node))
	}
	for _, many := range f.Many {
		var doc any = decode(tb, base)
		doc, _ = with(doc, strings.Split(many.List, "/"), many.items(doc), false)
		cases = append(cases, ruleCase{name: path + ": many " + many.List, definition: f.Definition, doc: doc, at: many.List})
	}
	return cases
}

func (m manyCase) items(doc any) []any {
	items := make([]any, m.Count)
	for i := range items {
		if m.Item == "" {
			items[i] = m.Prefix + strconv.Itoa(i) + m.Suffix
			continue
		}
		item := maps.Clone(lookup(doc, strings.Split(m.Item, "/")).(map[string]any))
		if m.Vary != "" {
			item[m.Vary] = fmt.Sprintf("%s-%d", item[m.Vary], i)
		}
		items[i] = item
	}
	return items
}

func lookup(v any, path []string) any {
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, _ := strconv.Atoi(step)
			v = at[i]
		}
	}
	return v
}

// with returns v with a value set or removed, and whether that changed anything.
func with(v any, path []string, value any, remove bool) (any, bool) {
	step, rest := path[0], path[1:]
	switch at := v.(type) {
	case map[string]any:
		child, found := at[step]
		switch {
		case len(rest) > 0:
			var changed bool
			at[step], changed = with(child, rest, value, remove)
			return at, changed
		case remove:
			delete(at, step)
			return at, found
		}
		at[step] = value
		return at, true
	case []any:
		i, err := strconv.Atoi(step)
		if err != nil || i >= len(at) {
			return v, false
		}
		if len(rest) > 0 {
			var changed bool
			at[i], changed = with(at[i], rest, value, remove)
			return at, changed
		}
		if remove {
			return slices.Delete(at, i, i+1), true
		}
		at[i] = value
		return at, true
	}
	return v, false
}
