package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// What a file may have at most. A tenant's largest honest file is a hundredth
// of it.
const (
	MaxSize   = 256 << 10 // bytes
	MaxDepth  = 32        // levels of nesting
	MaxValues = 5000      // fields and items: checking costs some 0.1 ms each
	// MaxEntries of one list or map: ten times what any schema allows. CUE compares
	// the items of some lists with each other.
	MaxEntries = 500
)

// Parse reads one input file. file is its name for positions. The findings are
// errors; with any, the value is nil.
func Parse(file string, data []byte) (*Value, fleet.Findings) {
	if f := checkBytes(file, data); f != nil {
		return nil, fleet.Findings{*f}
	}
	node, f := parseOne(file, data)
	if f != nil {
		return nil, fleet.Findings{*f}
	}
	p := parser{file: file}
	v := p.value(node, 1)
	if p.values > MaxValues {
		return nil, fleet.Findings{errorAt(fleet.Position{File: file}, fmt.Sprintf("the file has %d fields and list items", p.values),
			fmt.Sprintf("at most %d", MaxValues), "split it, or move data that is not configuration elsewhere")}
	}
	if len(p.findings) > 0 {
		return nil, p.findings
	}
	if v.Kind != Map {
		return nil, fleet.Findings{errorAt(v.Position, "the file holds "+v.Kind.String(), "expected fields such as apiVersion, kind, metadata and spec", "")}
	}
	return &v, nil
}

// TooLarge is the finding about a file of size bytes that is not worth reading.
func TooLarge(file string, size int64) fleet.Finding {
	return errorAt(fleet.Position{File: file}, fmt.Sprintf("the file has %d KiB", (size+1023)>>10),
		fmt.Sprintf("at most %d KiB", MaxSize>>10), "split it, or move data that is not configuration elsewhere")
}

// checkBytes refuses what no parser should be given.
func checkBytes(file string, data []byte) *fleet.Finding {
	whole := fleet.Position{File: file}
	if len(data) > MaxSize {
		f := TooLarge(file, int64(len(data)))
		return &f
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return finding(whole, "the file is empty", "", "write one YAML document, or delete the file")
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return finding(positionOf(file, data, i), fmt.Sprintf("byte 0x%02x is not UTF-8", data[i]), "", "save the file as UTF-8")
		}
		if isControl(r) {
			return finding(positionOf(file, data, i), fmt.Sprintf("control character U+%04X", r), "", "remove it")
		}
		i += size
	}
	if opens := deepest(data); opens > MaxDepth {
		return finding(whole, "the file is nested too deeply", fmt.Sprintf("at most %d levels", MaxDepth), "flatten it")
	}
	return nil
}

// isControl says whether YAML (1.2, "c-printable") refuses a character.
func isControl(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff:
		return true
	}
	return false
}

// deepest estimates how deeply a file nests, so that one whose nesting makes
// parsers slow is stopped before one sees it. It counts brackets that are open
// and "- " that follow each other, also those inside strings: a file that it
// overrates has 33 brackets that nobody closes.
func deepest(data []byte) int {
	most, brackets, dashes := 0, 0, 0
	for i, c := range data {
		switch {
		case c == '[' || c == '{':
			brackets++
		case c == ']' || c == '}':
			brackets = max(brackets-1, 0)
		case (c == '-' || c == '?') && i+1 < len(data) && data[i+1] == ' ':
			dashes++
		case c != ' ':
			dashes = 0
		}
		most = max(most, brackets, dashes)
	}
	return most
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parseOne parses the one document of a file.
func parseOne(file string, data []byte) (*yaml.Node, *fleet.Finding) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, finding(fleet.Position{File: file}, "the file holds only comments", "", "write one YAML document, or delete the file")
		}
		return nil, syntaxError(file, data, err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		at := fleet.Position{File: file}
		if err == nil {
			at = fleet.Position{File: file, Line: max(more.Line, 1), Column: max(more.Column, 1)}
		}
		return nil, finding(at, "the file holds several documents", "one document a file", "move what follows '---' to a file of its own")
	}
	return doc.Content[0], nil
}

// syntaxError turns the parser's message, which names only a line, into a finding.
func syntaxError(file string, data []byte, err error) *fleet.Finding {
	at := fleet.Position{File: file}
	message := err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			lines := bytes.Split(data, []byte("\n"))
			n = min(max(n, 1), len(lines))
			line := lines[n-1]
			at.Line, at.Column = n, len(line)-len(bytes.TrimLeft(line, " \t"))+1
		}
	}
	return finding(at, "not valid YAML: "+message, "", "check the indentation and the quotes on this line and the one before")
}

// parser turns yaml nodes into values and collects what it refuses.
type parser struct {
	file     string
	values   int
	findings fleet.Findings
}

func (p *parser) refuse(n *yaml.Node, message, expected, fix string) {
	p.findings = append(p.findings, errorAt(p.at(n), message, expected, fix))
}

func (p *parser) at(n *yaml.Node) fleet.Position {
	return fleet.Position{File: p.file, Line: n.Line, Column: n.Column}
}

func (p *parser) value(n *yaml.Node, depth int) Value {
	v := Value{Position: p.at(n)}
	p.values++
	if depth > MaxDepth {
		p.refuse(n, "nested too deeply", fmt.Sprintf("at most %d levels", MaxDepth), "flatten it")
		return v
	}
	if n.Anchor != "" {
		p.refuse(n, "anchor &"+n.Anchor, "no anchors or aliases", "write the value out where it is needed")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		p.refuse(n, "tag "+n.Tag, "no tags", "remove the tag; quote the value if it is a string")
	}
	if entries := len(n.Content); entries > 2*MaxEntries || n.Kind == yaml.SequenceNode && entries > MaxEntries {
		p.refuse(n, "a list or map with too many entries", fmt.Sprintf("at most %d", MaxEntries), "split it")
		return v
	}
	switch n.Kind {
	case yaml.AliasNode:
		p.refuse(n, "alias *"+n.Value, "no anchors or aliases", "write the value out where it is needed")
	case yaml.SequenceNode:
		v.Kind = List
		v.Items = make([]Value, len(n.Content))
		for i, item := range n.Content {
			v.Items[i] = p.value(item, depth+1)
		}
	case yaml.MappingNode:
		v.Kind = Map
		v.Fields = p.fields(n, depth)
	default:
		p.scalar(n, &v)
		if v.Text != n.Value {
			v.Source = n.Value
		}
	}
	return v
}

func (p *parser) fields(n *yaml.Node, depth int) []Field {
	fields := make([]Field, 0, len(n.Content)/2)
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Tag == "!!merge":
			p.refuse(key, "merge key <<", "no merge keys", "write the fields out where they are needed")
			continue
		case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 || key.Anchor != "":
			p.refuse(key, "a field name that is not a plain string", "a name", "")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			p.refuse(key, fmt.Sprintf("field %q stands twice", key.Value), fmt.Sprintf("first on line %d", line), "keep one of them")
		}
		seen[key.Value] = key.Line
		value := p.value(n.Content[i+1], depth+1)
		fields = append(fields, Field{Position: p.at(key), Name: key.Value, Value: &value})
	}
	return fields
}

func (p *parser) scalar(n *yaml.Node, v *Value) {
	v.Kind, v.Text = String, n.Value
	switch n.ShortTag() {
	case "!!null":
		v.Kind, v.Text = Null, ""
	case "!!bool":
		v.Kind, v.Text = Bool, strings.ToLower(n.Value)
	case "!!int":
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64)
		if err != nil {
			p.refuse(n, n.Value+" is too large a number", "", "quote it if it is a string")
			return
		}
		if octal(n.Value) {
			p.refuse(n, fmt.Sprintf("%s begins with 0: YAML takes it for %d", n.Value, i), "a decimal number", "leave the 0 out, or quote it if it is a string")
			return
		}
		v.Kind, v.Text = Int, strconv.FormatInt(i, 10)
	case "!!float":
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			p.refuse(n, n.Value+" is not a finite number", "", "quote it if it is a string")
			return
		}
		v.Kind, v.Text = Float, strconv.FormatFloat(f, 'g', -1, 64)
	}
}

// octal says whether an integer is written as an octal one in the way that few mean
// who write it: 010. Nobody writes 0x10 or 0o10 by mistake.
func octal(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return len(digits) > 1 && digits[0] == '0' && !strings.ContainsAny(digits[1:2], "xXoObB")
}

// positionOf is the place of a byte.
func positionOf(file string, data []byte, offset int) fleet.Position {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return fleet.Position{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1}
}

func errorAt(at fleet.Position, message, expected, fix string) fleet.Finding {
	return fleet.Finding{Position: at, Severity: fleet.Error, Message: message, Expected: expected, Fix: fix}
}

func finding(at fleet.Position, message, expected, fix string) *fleet.Finding {
	f := errorAt(at, message, expected, fix)
	return &f
}
