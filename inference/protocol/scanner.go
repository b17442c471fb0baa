package protocol

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxDepth bounds how deep JSON may nest. The protocol needs about twenty.
const maxDepth = 32

// A scanner reads JSON (RFC 8259) front to back. The caller has checked that
// the text is UTF-8.
type scanner struct {
	b []byte
	i int
	// text is memory for strings with escapes.
	text []byte
}

func (s *scanner) fail(want string) error {
	if s.i >= len(s.b) {
		return bad("the JSON ends early: want %s at byte %d", want, s.i)
	}
	return bad("malformed JSON: want %s at byte %d", want, s.i)
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) expect(c byte, want string) error {
	if s.peek() != c || s.i >= len(s.b) {
		return s.fail(want)
	}
	s.i++
	return nil
}

// object reads an object and calls field for each key, to read its value.
// The key is valid until field reads a string.
func (s *scanner) object(field func(key []byte) error) error {
	if err := s.expect('{', "an object"); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.i++
		return nil
	}
	for {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':', "a colon"); err != nil {
			return err
		}
		if err := field(key); err != nil {
			return err
		}
		if s.peek() == '}' {
			s.i++
			return nil
		}
		if err := s.expect(',', "a comma or the end of the object"); err != nil {
			return err
		}
	}
}

// array reads an array and calls element to read each of its elements.
func (s *scanner) array(element func() error) error {
	if err := s.expect('[', "an array"); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.peek() == ']' {
			s.i++
			return nil
		}
		if err := s.expect(',', "a comma or the end of the array"); err != nil {
			return err
		}
	}
}

// str reads a string. The result is valid until the next call.
func (s *scanner) str() ([]byte, error) {
	if err := s.expect('"', "a string"); err != nil {
		return nil, err
	}
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start : s.i-1], nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return nil, s.fail("a string without control characters")
		}
		s.i++
	}
	return nil, s.fail("the end of a string")
}

// escaped reads on in a string that has escapes.
func (s *scanner) escaped(start int) ([]byte, error) {
	s.text = append(s.text[:0], s.b[start:s.i]...)
	for s.i < len(s.b) {
		c := s.b[s.i]
		s.i++
		switch {
		case c == '"':
			return s.text, nil
		case c < ' ':
			s.i--
			return nil, s.fail("a string without control characters")
		case c != '\\':
			s.text = append(s.text, c)
			continue
		}
		if s.i >= len(s.b) {
			break
		}
		c = s.b[s.i]
		s.i++
		switch c {
		case '"', '\\', '/':
			s.text = append(s.text, c)
		case 'b':
			s.text = append(s.text, '\b')
		case 'f':
			s.text = append(s.text, '\f')
		case 'n':
			s.text = append(s.text, '\n')
		case 'r':
			s.text = append(s.text, '\r')
		case 't':
			s.text = append(s.text, '\t')
		case 'u':
			r, ok := s.hex4()
			if !ok {
				return nil, s.fail("four hex digits")
			}
			s.text = utf8.AppendRune(s.text, s.surrogate(r))
		default:
			s.i--
			return nil, s.fail("an escape that JSON knows")
		}
	}
	return nil, s.fail("the end of a string")
}

// surrogate completes a \u escape that is the first half of a pair. Half a
// pair becomes the replacement character, as in encoding/json.
func (s *scanner) surrogate(r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	if s.i+6 <= len(s.b) && s.b[s.i] == '\\' && s.b[s.i+1] == 'u' {
		back := s.i
		s.i += 2
		if second, ok := s.hex4(); ok {
			if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
				return pair
			}
		}
		s.i = back
	}
	return utf8.RuneError
}

func (s *scanner) hex4() (rune, bool) {
	if s.i+4 > len(s.b) {
		return 0, false
	}
	var r rune
	for _, c := range s.b[s.i : s.i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	s.i += 4
	return r, true
}

// number reads a number and returns its text, and whether it is written as an
// integer.
func (s *scanner) number() (text string, integer bool, err error) {
	s.peek()
	start := s.i
	if s.at() == '-' {
		s.i++
	}
	if s.at() == '0' {
		s.i++
	} else if !s.digits() {
		return "", false, s.fail("a number")
	}
	integer = true
	if s.at() == '.' {
		s.i++
		integer = false
		if !s.digits() {
			return "", false, s.fail("a digit")
		}
	}
	if c := s.at(); c == 'e' || c == 'E' {
		s.i++
		integer = false
		if c := s.at(); c == '+' || c == '-' {
			s.i++
		}
		if !s.digits() {
			return "", false, s.fail("a digit")
		}
	}
	b := s.b[start:s.i]
	// The text is used at once and not kept, so it may share the body's bytes.
	return unsafe.String(&b[0], len(b)), integer, nil
}

func (s *scanner) at() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) digits() bool {
	start := s.i
	for c := s.at(); '0' <= c && c <= '9'; c = s.at() {
		s.i++
	}
	return s.i > start
}

func (s *scanner) literal(word string) bool {
	if s.i+len(word) > len(s.b) || string(s.b[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

func (s *scanner) boolean() (bool, error) {
	s.peek()
	switch {
	case s.literal("true"):
		return true, nil
	case s.literal("false"):
		return false, nil
	}
	return false, s.fail("true or false")
}

// skip reads over any value.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return bad("the JSON nests deeper than %d", maxDepth)
	}
	switch c := s.peek(); c {
	case '{':
		return s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, err := s.str()
		return err
	case 't', 'f':
		_, err := s.boolean()
		return err
	case 'n':
		if !s.literal("null") {
			return s.fail("null")
		}
		return nil
	default:
		_, _, err := s.number()
		return err
	}
}

// end checks that nothing but white space is left.
func (s *scanner) end() error {
	if s.peek(); s.i < len(s.b) {
		return s.fail("the end of the JSON")
	}
	return nil
}
