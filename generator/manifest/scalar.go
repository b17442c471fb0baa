package manifest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendString appends s plain where every YAML reads it as that string, and
// otherwise double quoted, on one line.
func appendString(dst []byte, s string) []byte {
	if isPlain(s) {
		return append(dst, s...)
	}
	return appendQuoted(dst, s)
}

// isPlain reports whether s needs no quotes in block context: it holds printable
// ASCII only, nothing in it looks like syntax, and neither YAML 1.1 nor 1.2 takes
// it for anything but a string. When in doubt it says no: quotes do no harm.
func isPlain(s string) bool {
	if s == "" || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c > '~':
			return false
		case c == ':' && (i+1 == len(s) || s[i+1] == ' '):
			return false
		case c == '#' && i > 0 && s[i-1] == ' ':
			return false
		}
	}
	switch c := s[0]; {
	case isLetter(c):
		return !isReserved(s)
	case isDigit(c):
		return !mayBeNumber(s)
	case c == '/' || c == '_' || c == '$' || c == '(':
		return true
	case c == '.': // a path; not .5, .inf or ...
		return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")
	case c == '-': // a flag: -c or --port, but not "- x", "---", -1 or -.inf
		rest := strings.TrimPrefix(s[1:], "-")
		return rest != "" && isLetter(rest[0])
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// isReserved reports whether a word means something other than itself in YAML
// 1.1 (https://yaml.org/type/bool.html) or 1.2, in any case of its letters.
func isReserved(s string) bool {
	if len(s) > len("false") {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return true
	}
	return false
}

// mayBeNumber reports whether a text that begins with a digit holds only what
// numbers, times and dates of YAML 1.1 or 1.2 are made of: 1e3, 0x1f, 0o17, 0b1,
// 1_000, 1:30, 2001-12-14t21:59:43z. 8Gi, 100ms and 10.0.0.0/16 do not.
func mayBeNumber(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c), 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		case strings.IndexByte("_.+-: xXoOtTzZ", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// mustEscape reports whether a reader of YAML may refuse r, take it for a line
// break or lose it (YAML 1.2.2, 5.1 and 5.4), or an editor would hide it.
func mustEscape(r rune) bool {
	switch {
	case r < ' ', r == 0x7f, 0x80 <= r && r <= 0x9f:
		return true
	case r < 0x7f:
		return false
	case r == 0x2028, r == 0x2029, r == 0xfeff, r == utf8.RuneError:
		return true
	case r&0xfffe == 0xfffe: // not characters, in every plane
		return true
	}
	return unicode.Is(unicode.Cf, r) // direction marks, zero-width: nobody sees them
}

func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case !mustEscape(r):
			dst = utf8.AppendRune(dst, r)
		case r < 0x100:
			dst = append(dst, '\\', 'x', hex[r>>4], hex[r&15])
		default:
			digits, letter := 4, byte('u')
			if r > 0xffff {
				digits, letter = 8, 'U'
			}
			dst = append(dst, '\\', letter)
			for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
				dst = append(dst, hex[r>>shift&15])
			}
		}
	}
	return append(dst, '"')
}

// fitsBlock reports whether a literal block says exactly s: it has a line break,
// nothing that needs an escape, and no white space that a reader could take for
// indentation.
func fitsBlock(s string) bool {
	if s == "" || strings.IndexByte(s, '\n') < 0 || s[0] == ' ' || s[0] == '\n' {
		return false
	}
	lineStart := true
	for i, r := range s {
		switch {
		case r == '\n':
			// A line of spaces only is exact, but editors strip it.
			if i > 0 && s[i-1] == ' ' {
				return false
			}
			lineStart = true
			continue
		case r == '\t':
			if lineStart {
				return false
			}
		case mustEscape(r):
			return false
		}
		lineStart = lineStart && r == ' '
	}
	return !strings.HasSuffix(s, " ")
}

// appendBlock appends s as a literal block without its last line break, which the
// caller writes.
func appendBlock(dst []byte, s string, indent int) []byte {
	body := strings.TrimRight(s, "\n")
	switch breaks := len(s) - len(body); breaks {
	case 0:
		dst = append(dst, "|-"...)
	case 1:
		dst = append(dst, '|')
	default:
		dst = append(dst, "|+"...)
		body = s[:len(s)-1]
	}
	for line := range strings.SplitSeq(body, "\n") {
		dst = append(dst, '\n')
		if line != "" {
			dst = appendIndent(dst, indent)
			dst = append(dst, line...)
		}
	}
	return dst
}
