package schemas

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// repeat is a repetition with an upper bound in a regular expression: {m,n}.
var repeat = regexp.MustCompile(`\{\d+,\d+\}`)

// pattern changes a regular expression: not anchored at its beginning, not at
// its end, one repetition without its upper bound, one alternative missing.
func (m *mutator) pattern(name string, lit *ast.BasicLit) {
	if lit.Kind != token.STRING {
		return
	}
	source := lit.Value
	replace := func(what string, from, to int, by string) {
		m.add(fmt.Sprintf("%s: %s", name, what), lit, func() { lit.Value = source[:from] + by + source[to:] })
	}
	if strings.HasPrefix(source, `"^`) {
		replace("does not anchor its beginning", 1, 2, "")
	}
	if strings.HasSuffix(source, `$"`) {
		replace("does not anchor its end", len(source)-2, len(source)-1, "")
	}
	for _, at := range repeat.FindAllStringIndex(source, -1) {
		bound := source[at[0]:at[1]]
		lower, _, _ := strings.Cut(bound, ",")
		replace(fmt.Sprintf("repeats %s at %d without end", bound, at[0]), at[0], at[1], lower+",}")
	}
	for _, at := range alternatives(source) {
		from, to := at[0], at[1]
		what := fmt.Sprintf("lacks the alternative %s at %d", source[from:to], from)
		if to < len(source) && source[to] == '|' {
			to++
		} else {
			from--
		}
		replace(what, from, to, "")
	}
}

// alternatives returns where each alternative of a regular expression, written
// as a CUE string, begins and ends.
func alternatives(source string) [][2]int {
	type group struct{ bars []int } // where it opens, and each bar in it
	var found [][2]int
	open := []group{{bars: []int{0}}}
	closeGroup := func(end int) {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		if len(last.bars) < 2 {
			return
		}
		for i, from := range last.bars {
			to := end
			if i+1 < len(last.bars) {
				to = last.bars[i+1]
			}
			found = append(found, [2]int{from + 1, to})
		}
	}
	class := false
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == '\\':
			i += 2 // CUE's backslash, the expression's, and what it escapes
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			open = append(open, group{bars: []int{i}})
		case c == '|':
			open[len(open)-1].bars = append(open[len(open)-1].bars, i)
		case c == ')':
			closeGroup(i)
		}
	}
	closeGroup(len(source) - 1)
	slices.SortFunc(found, func(a, b [2]int) int { return a[0] - b[0] })
	return found
}
