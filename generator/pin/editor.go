package pin

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// editor collects changes of byte ranges of a YAML file.
type editor struct {
	data  []byte
	lines []int // where each line begins
	edits []byteEdit
}

type byteEdit struct {
	start, end int
	text       string
}

func newEditor(data []byte) *editor {
	e := &editor{data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			e.lines = append(e.lines, i+1)
		}
	}
	return e
}

// apply makes the changes.
func (e *editor) apply() []byte {
	slices.SortFunc(e.edits, func(a, b byteEdit) int { return a.start - b.start })
	var out []byte
	at := 0
	for _, edit := range e.edits {
		out = append(out, e.data[at:edit.start]...)
		out = append(out, edit.text...)
		at = edit.end
	}
	return append(out, e.data[at:]...)
}

// set replaces a scalar of another value by text, in the quotes that it stands in.
func (e *editor) set(n *yaml.Node, value, text string) error {
	if n.Value == value {
		return nil
	}
	raw, quote := n.Value, ""
	switch n.Style {
	case yaml.DoubleQuotedStyle:
		quote = `"`
	case yaml.SingleQuotedStyle:
		quote = "'"
	case 0:
	default:
		return fmt.Errorf("line %d: a value that is no word on one line", n.Line)
	}
	if quote != "" {
		raw, text = quote+raw+quote, quote+value+quote
	}
	start := e.offset(n)
	if !bytes.HasPrefix(e.data[start:], []byte(raw)) {
		return fmt.Errorf("line %d: a value that is written in an unusual way", n.Line)
	}
	e.edits = append(e.edits, byteEdit{start, start + len(raw), text})
	return nil
}

// replaceFlow replaces a mapping in braces.
func (e *editor) replaceFlow(n *yaml.Node, text string) error {
	start := e.offset(n)
	size := flowSize(e.data[start:])
	if size < 0 || bytes.ContainsAny(e.data[start:start+size], "#\n") {
		return fmt.Errorf("line %d: a pin in braces over several lines: write it as a block, one field a line", n.Line)
	}
	e.edits = append(e.edits, byteEdit{start, start + size, text})
	return nil
}

// flowSize is the length of the mapping in braces that data begins with, or -1.
// A quote opens a string only where a value may begin.
func flowSize(data []byte) int {
	depth, quote, before := 0, byte(0), byte(0)
	for i, c := range data {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.IndexByte(" {,:", before) >= 0:
			quote = c
		case c == '{':
			depth++
		case c == '}':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		before = c
	}
	return -1
}

// deleteEntry deletes the lines of a key of a block mapping and its value: its
// own, and those below that are indented more deeply.
func (e *editor) deleteEntry(key *yaml.Node) {
	last := e.lastLine(key)
	e.edits = append(e.edits, byteEdit{start: e.lines[key.Line-1], end: e.lineEnd(last)})
}

// insertAfter inserts lines after an entry of a block mapping.
func (e *editor) insertAfter(key *yaml.Node, lines ...string) {
	eol := "\n"
	if bytes.Contains(e.data, []byte("\r\n")) {
		eol = "\r\n"
	}
	at := e.lineEnd(e.lastLine(key))
	text := strings.Join(lines, eol)
	if at == len(e.data) && !bytes.HasSuffix(e.data, []byte("\n")) {
		text = eol + text
	} else {
		text += eol
	}
	e.edits = append(e.edits, byteEdit{at, at, text})
}

// lastLine is the number of the last line of an entry: further lines belong to it
// as long as they are indented more deeply than its key. Empty lines at the end do
// not.
func (e *editor) lastLine(key *yaml.Node) int {
	last := key.Line
	for line := key.Line + 1; line <= len(e.lines); line++ {
		text := strings.TrimRight(string(e.data[e.lines[line-1]:e.lineEnd(line)]), "\r\n")
		trimmed := strings.TrimLeft(text, " ")
		if trimmed == "" {
			continue
		}
		if len(text)-len(trimmed) < key.Column {
			break
		}
		last = line
	}
	return last
}

// lineEnd is where the line after the given one begins.
func (e *editor) lineEnd(line int) int {
	if line < len(e.lines) {
		return e.lines[line]
	}
	return len(e.data)
}

// offset is where a node begins; YAML counts columns in characters.
func (e *editor) offset(n *yaml.Node) int {
	at := e.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(e.data[at:])
		at += size
	}
	return at
}
