package ngram

import (
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Kind is the name of this feature extraction in a model's config.json. A
// change to what Encode yields for any text must come with a new name, or an
// old model would silently be fed foreign features.
const Kind = "hashed-ngrams/v1"

// Limits on what a config.json may ask for. They bound the memory that a
// hostile or mistaken configuration can make the server allocate.
const (
	MaxBuckets = 1 << 24
	MaxOrder   = 4
	MaxIDs     = 4096
)

// A Config describes the features; it is the "features" object of a model's
// config.json.
type Config struct {
	// Kind must be the constant of that name.
	Kind string `json:"kind"`
	// Buckets is the number of distinct ids. Ids run from 1 to Buckets; 0 is
	// padding.
	Buckets int `json:"buckets"`
	// Orders is the longest n-gram: 1 yields words, 2 words and pairs.
	Orders int `json:"orders"`
	// Stem adds, for each word longer than so many letters, its beginning of
	// that length. 0 adds nothing.
	Stem int `json:"stem,omitempty"`
	// Negators are words ("not", "never") after which the next NegationReach
	// tokens get ids of their own: "not good" then shares nothing with "good".
	Negators      []string `json:"negators,omitempty"`
	NegationReach int      `json:"negationReach,omitempty"`
	// MaxIDs bounds the number of ids; what comes later in a text is ignored.
	MaxIDs int `json:"maxIds"`
}

// An Encoder turns text into ids. It is immutable and may be shared.
type Encoder struct {
	Config
	negators []uint64 // hashes, sorted
}

// New checks a configuration that may come from a file, and makes its encoder.
func New(c Config) (*Encoder, error) {
	switch {
	case c.Kind != Kind:
		return nil, fmt.Errorf("text features of kind %q are unknown; this build knows %q", c.Kind, Kind)
	case c.Buckets < 1 || c.Buckets > MaxBuckets:
		return nil, fmt.Errorf("buckets is %d, want 1 to %d", c.Buckets, MaxBuckets)
	case c.Orders < 1 || c.Orders > MaxOrder:
		return nil, fmt.Errorf("orders is %d, want 1 to %d", c.Orders, MaxOrder)
	case c.Stem < 0:
		return nil, errors.New("stem is negative")
	case c.NegationReach < 0:
		return nil, errors.New("negationReach is negative")
	case c.MaxIDs < 1 || c.MaxIDs > MaxIDs:
		return nil, fmt.Errorf("maxIds is %d, want 1 to %d", c.MaxIDs, MaxIDs)
	}
	e := &Encoder{Config: c}
	for _, w := range c.Negators {
		h, _, rest := e.next(w)
		if w == "" || h == 0 || rest != "" {
			return nil, fmt.Errorf("negator %q is not one token", w)
		}
		e.negators = append(e.negators, h)
	}
	slices.Sort(e.negators)
	return e, nil
}

// FNV-1a, 64 bits (Fowler, Noll, Vo): offset basis and prime.
const (
	fnvBasis = 0xcbf29ce484222325
	fnvPrime = 0x100000001b3
)

// Encode appends the ids of text to dst and returns it. A text without any
// token yields nothing. Bytes that are not UTF-8 count as the replacement
// character, so no input is refused here.
func (e *Encoder) Encode(dst []int64, text string) []int64 {
	limit := len(dst) + e.MaxIDs
	var window [MaxOrder]uint64 // hashes of the latest tokens, newest first
	seen, negated := 0, 0
	for len(text) > 0 && len(dst) < limit {
		tok, stem, rest := e.next(text)
		text = rest
		if tok == 0 {
			continue
		}
		_, negator := slices.BinarySearch(e.negators, tok)
		if negated > 0 {
			negated--
			tok, stem = negate(tok), negate(stem)
		}
		if negator {
			negated = e.NegationReach
		}
		copy(window[1:], window[:])
		window[0] = tok
		seen++
		h := uint64(0)
		for n := range min(e.Orders, seen) {
			h = mix(h*fnvPrime ^ window[n])
			if len(dst) < limit {
				dst = append(dst, e.bucket(h))
			}
		}
		if stem != 0 && len(dst) < limit {
			dst = append(dst, e.bucket(mix(stem)))
		}
	}
	return dst
}

// next reads one token off the front of text: a run of letters, digits and
// apostrophes, or a run of other printing characters in which repetitions
// count once, so that "!!!" is "!" and ":-)" stays itself. It returns the
// token's hash (0 for white space), the hash of its stem (0 for none), and
// the rest of the text.
func (e *Encoder) next(text string) (tok, stem uint64, rest string) {
	r, size := utf8.DecodeRuneInString(text)
	if !isWord(r) && (unicode.IsSpace(r) || unicode.IsControl(r)) {
		return 0, 0, text[size:]
	}
	word := isWord(r)
	h, prev, length := uint64(fnvBasis), rune(-1), 0
	for len(text) > 0 {
		r, size = utf8.DecodeRuneInString(text)
		if isWord(r) != word || !word && (unicode.IsSpace(r) || unicode.IsControl(r)) {
			break
		}
		text = text[size:]
		if !word && r == prev {
			continue
		}
		prev = r
		if length == e.Stem && length > 0 {
			stem = (h ^ '*') * fnvPrime
		}
		for v := uint32(unicode.ToLower(r)); ; v >>= 8 {
			h = (h ^ uint64(v&0xff)) * fnvPrime
			if v < 0x100 {
				break
			}
		}
		length++
	}
	if !word {
		stem = 0
	}
	return h, stem, text
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\''
}

// mix is the finalizer of MurmurHash3: FNV alone leaves the low bits of short
// words too regular for a modulus.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// negate maps a hash to another one, and 0, which stands for none, to itself.
func negate(h uint64) uint64 {
	if h == 0 {
		return 0
	}
	return mix(h ^ 0x5bd1e995)
}

func (e *Encoder) bucket(h uint64) int64 {
	return int64(h%uint64(e.Buckets)) + 1
}
