package yamldoc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/yamldoc"
)

type thing struct {
	name, size string
	day        time.Time
	wait       time.Duration
	tags       []string
}

func read(text string) (thing, error) {
	var x thing
	root, err := yamldoc.Parse("x.yaml", []byte(text))
	if err != nil {
		return x, err
	}
	return x, root.Fields(map[string]yamldoc.Field{
		"name": yamldoc.Required(yamldoc.String(&x.name)),
		"size": yamldoc.OneOf(&x.size, "small", "large"),
		"day":  yamldoc.Date(&x.day),
		"wait": yamldoc.Duration(&x.wait),
		"tags": yamldoc.List(func(n yamldoc.Node) error {
			var tag string
			err := yamldoc.String(&tag).Read(n)
			x.tags = append(x.tags, tag)
			return err
		}),
	})
}

func TestFields(t *testing.T) {
	x, err := read("name: a\nsize: large\nday: 2026-12-31\nwait: 72h\ntags: [b, c]\n")
	if err != nil {
		t.Fatal(err)
	}
	if x.name != "a" || x.size != "large" || x.day.Format(time.DateOnly) != "2026-12-31" || x.wait != 72*time.Hour || strings.Join(x.tags, "") != "bc" {
		t.Errorf("read %+v", x)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "x.yaml:1:1: it is empty",
		"- a\n":                    "x.yaml:1:1: a mapping is wanted, this is a list",
		"size: small\n":            `x.yaml:1:1: field "name" is missing`,
		"name:\n":                  "a text is wanted, this is nothing",
		"name: [a]\n":              "x.yaml:1:7: a text is wanted, this is a list",
		"name: a\nname: b\n":       `x.yaml:2:1: field "name" stands here twice`,
		"nmae: a\n":                `x.yaml:1:1: unknown field "nmae"; did you mean "name"?`,
		"name: a\ncompletely: b\n": "known are day, name, size, tags, wait",
		"name: a\nsize: huge\n":    `x.yaml:2:7: one of small, large is wanted, this is "huge"`,
		"name: a\nday: tomorrow\n": "x.yaml:2:6: a day is wanted",
		"name: a\nwait: -1h\n":     "x.yaml:2:7: a duration above zero is wanted",
		"name: a\ntags: b\n":       `x.yaml:2:7: a list is wanted, this is "b"`,
		"name: a\ntags: [b, {}]\n": "x.yaml:2:11: a text is wanted, this is a mapping",
		"name: &x a\n":             "an anchor",
		"name: !!str a\n":          "a tag",
		"name: a\n---\nb: c\n":     "second document",
		"name: a\n\tb: c\n":        "x.yaml: line 2",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	if _, err := yamldoc.Parse("x.yaml", make([]byte, 5<<20)); err == nil || !strings.Contains(err.Error(), "at most 4194304 are read") {
		t.Errorf("too large: %v", err)
	}
}

// FuzzParse reads any bytes: no panic, and errors name the file.
func FuzzParse(f *testing.F) {
	f.Add("name: a\ntags: [b]\n")
	f.Add("a: &x b\nc: *x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := read(text); err != nil && !strings.Contains(err.Error(), "x.yaml") {
			t.Errorf("error %v", err)
		}
	})
}
