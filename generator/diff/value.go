package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// toJSON is a value as JSON, with keys in printing order; nil where there is none.
func toJSON(n manifest.Node) json.RawMessage {
	if !n.Exists() {
		return nil
	}
	return appendJSON(nil, n)
}

func appendJSON(dst []byte, n manifest.Node) []byte {
	switch {
	case n.IsString():
		return appendString(dst, n.Text())
	case n.IsMap():
		dst = append(dst, '{')
		for i, f := range n.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, f.Key), ':')
			dst = appendJSON(dst, f.Value)
		}
		return append(dst, '}')
	case n.IsList():
		dst = append(dst, '[')
		for i, f := range n.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, f.Value)
		}
		return append(dst, ']')
	}
	return append(dst, n.Text()...)
}

func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// lines is a value as a person reads it. A string stands without its quotes
// where that leaves no doubt, and a text of several lines as such. Nothing that
// a terminal or a browser would act on comes through: whatever is not printable
// (control characters, changes of the writing direction) is escaped.
func lines(value json.RawMessage) []string {
	if len(value) == 0 {
		return nil
	}
	var s string
	if value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return structured(value)
	}
	if !strings.Contains(s, "\n") {
		// Quotes tell "8" from 8 and "" from nothing.
		if s == "" || json.Valid([]byte(s)) {
			return []string{escape(string(value))}
		}
		return []string{plain(s)}
	}
	out := strings.Split(s, "\n")
	for i, line := range out {
		out[i] = plain(line)
	}
	return out
}

// flow is how long a map or list may be to stand on one line.
const flow = 60

// structured is anything but a string: as JSON where it is short, else as YAML,
// line by line.
func structured(value json.RawMessage) []string {
	n, err := manifest.ParseJSON(value)
	if err != nil || len(value) <= flow {
		return []string{escape(string(value))}
	}
	out := strings.Split(strings.TrimSuffix(string(n.AppendYAML(nil)), "\n"), "\n")
	for i, line := range out {
		out[i] = escape(line)
	}
	return out
}

// plain is a string on one line, in quotes where it could be mistaken for
// another one: where it has quotes itself, spaces at its ends, or something that
// must be escaped.
func plain(s string) string {
	if s == strings.TrimSpace(s) && !strings.HasPrefix(s, `"`) && escape(s) == s {
		return s
	}
	return escape(string(appendString(nil, s)))
}

// escape replaces what is not printable in JSON, where it can stand only inside
// strings, by JSON's own notation.
func escape(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
