package ngram

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func config() Config {
	return Config{
		Kind: Kind, Buckets: 1 << 16, Orders: 2, Stem: 4, MaxIDs: 64,
		Negators: []string{"not", "don't"}, NegationReach: 2,
	}
}

func encoder(t testing.TB, change func(*Config)) *Encoder {
	t.Helper()
	c := config()
	if change != nil {
		change(&c)
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The ids of a text are a contract with every model trained so far: if this
// test fails, Kind must change too.
func TestIDsAreStable(t *testing.T) {
	got := encoder(t, nil).Encode(nil, "Don't buy it, really bad!")
	want := []int64{4992, 16886, 14886, 48533, 47359, 36763, 39387, 6738, 40729, 49526, 62682, 26362, 2100, 4630, 8295}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestCaseRepetitionAndSpaceDoNotMatter(t *testing.T) {
	e := encoder(t, nil)
	want := e.Encode(nil, "so good !")
	for _, text := range []string{"SO GOOD!", "so  good\n!!!", "\tSo\u00a0gOOd !!"} {
		if got := e.Encode(nil, text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestNegationReachesSomeTokens(t *testing.T) {
	e := encoder(t, func(c *Config) { c.Orders, c.Stem = 1, 0 })
	plain := e.Encode(nil, "it is good really good")
	negated := e.Encode(nil, "it not good really good")
	if negated[2] == plain[2] || negated[3] == plain[3] {
		t.Error("the tokens after a negation have the ids that they have without one")
	}
	if negated[4] != plain[4] {
		t.Error("negation reaches further than NegationReach")
	}
}

func TestOrdersAndStems(t *testing.T) {
	for _, tc := range []struct {
		orders, stem, want int
	}{{1, 0, 3}, {2, 0, 5}, {3, 0, 6}, {1, 4, 5}} {
		e := encoder(t, func(c *Config) { c.Orders, c.Stem = tc.orders, tc.stem })
		if got := e.Encode(nil, "very pleasing film"); len(got) != tc.want && tc.stem == 0 {
			t.Errorf("orders %d: %d ids, want %d", tc.orders, len(got), tc.want)
		}
	}
	e := encoder(t, func(c *Config) { c.Orders = 1 })
	a, b := e.Encode(nil, "pleasing"), e.Encode(nil, "pleased")
	if len(a) != 2 || len(b) != 2 || a[1] != b[1] || a[0] == b[0] {
		t.Errorf("pleasing %v and pleased %v should share their stem and nothing else", a, b)
	}
}

func TestMaxIDsAppendsToWhatIsThere(t *testing.T) {
	e := encoder(t, func(c *Config) { c.MaxIDs = 5 })
	got := e.Encode([]int64{-7}, strings.Repeat("word ", 100))
	if len(got) != 6 || got[0] != -7 {
		t.Errorf("got %v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"another kind":     func(c *Config) { c.Kind = "bpe" },
		"no buckets":       func(c *Config) { c.Buckets = 0 },
		"too many buckets": func(c *Config) { c.Buckets = MaxBuckets + 1 },
		"no order":         func(c *Config) { c.Orders = 0 },
		"too long orders":  func(c *Config) { c.Orders = MaxOrder + 1 },
		"negative stem":    func(c *Config) { c.Stem = -1 },
		"negative reach":   func(c *Config) { c.NegationReach = -1 },
		"no ids":           func(c *Config) { c.MaxIDs = 0 },
		"too many ids":     func(c *Config) { c.MaxIDs = MaxIDs + 1 },
		"a negator of two": func(c *Config) { c.Negators = []string{"not so"} },
		"an empty negator": func(c *Config) { c.Negators = []string{""} },
	} {
		c := config()
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	e := encoder(t, nil)
	ids := make([]int64, 0, 64)
	if n := testing.AllocsPerRun(100, func() { ids = e.Encode(ids[:0], "a short text, don't you think?") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("a fine text!")
	f.Add("\xff\xfe\x00 \u2028 'n'")
	e := encoder(f, nil)
	f.Fuzz(func(t *testing.T, text string) {
		ids := e.Encode(nil, text)
		if len(ids) > e.MaxIDs {
			t.Fatalf("%d ids", len(ids))
		}
		for _, id := range ids {
			if id < 1 || id > int64(e.Buckets) {
				t.Fatalf("id %d", id)
			}
		}
		if !utf8.ValidString(text) {
			return
		}
		if again := e.Encode(nil, " "+text+"\n"); !slices.Equal(ids, again) {
			t.Fatalf("white space around the text matters: %v and %v", ids, again)
		}
	})
}
