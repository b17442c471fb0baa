package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// How often a bad value is asked about. Each round reports at least one path,
// most report many, and a round costs some 0.1 ms for each value in the document:
// 150 rounds suffice for every mistake that people make at once, and what a
// hostile file can cost is bounded by work.
const (
	mostRounds  = 150
	leastRounds = 10
	work        = 50_000 // rounds times values
)

// report collects the findings about one bad value. CUE hides some errors behind
// others (unknown fields behind wrong ones, say), so it works in rounds: what a
// round has reported is open in the value of the next, and open is always right.
type report struct {
	schema   *Schema
	def      cue.Value
	plain    cue.Value // def without its rules under conditions and over several fields
	single   cue.Value // def without its rules over several fields
	whole    *input.Value
	prefix   []string
	reported map[string]mark // by the key of their path
	found    []problem
	left     int // rounds
}

// mark says what later rounds see at a reported path.
type mark uint8

const (
	opened  mark = iota + 1 // a value that may be anything
	removed                 // nothing: the field is unknown
)

// key makes a path a map's key. It ends in a separator, so that the key of what
// lies below a path begins with the path's.
func key(path []string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteString(part)
		b.WriteByte(0)
	}
	return b.String()
}

// problem is what CUE says about one path, in all its errors together.
type problem struct {
	path   []string
	errors []errors.Error
}

func (r *report) run() fleet.Findings {
	r.left = min(max(work/size(r.whole), leastRounds), mostRounds)
	findings := r.cutOff(r.whole, nil)
	r.rounds(r.plain, false)  // what is there
	r.rounds(r.single, false) // what should not be, beside what else is there
	r.rounds(r.single, true)  // what has to be there too
	r.rounds(r.def, false)    // what contradicts each other
	findings = append(findings, r.findings()...)
	if r.left == 0 {
		findings = append(findings, fleet.Finding{Position: r.whole.Position, Severity: fleet.Error,
			Message: "more may be wrong with this file", Fix: "mend what is reported, and run again"})
	}
	if len(findings) == 0 { // CUE refused the value for a reason that no path carries
		err := r.schema.validate(r.def, r.whole)
		findings = append(findings, fleet.Finding{Position: r.whole.Position, Severity: fleet.Error, Message: fmt.Sprint(err)})
	}
	return findings
}

// size is the number of values in a value.
func size(v *input.Value) int {
	n := 1
	for i := range v.Items {
		n += size(&v.Items[i])
	}
	for _, f := range v.Fields {
		n += size(f.Value)
	}
	return n
}

// rounds asks until nothing new is said.
func (r *report) rounds(def cue.Value, complete bool) {
	for ; r.left > 0; r.left-- {
		value := r.schema.ctx.Encode(r.open(r.whole, nil))
		err := def.Unify(value).Validate(cue.Concrete(complete))
		if err == nil {
			return
		}
		progress := false
		for _, p := range r.problems(err) {
			if !r.follows(p, complete) {
				r.add(p)
				progress = true
			} else if r.withdraw(p.path) {
				progress = true
			}
		}
		if !progress {
			return
		}
	}
}

// open is a value for CUE in which everything that is reported is open.
func (r *report) open(v *input.Value, path []string) any {
	switch {
	case r.reported[key(path)] == opened:
		return r.schema.anything
	case v.Kind == input.List:
		items := make([]any, len(v.Items))
		for i := range v.Items {
			items[i] = r.open(&v.Items[i], append(path, strconv.Itoa(i)))
		}
		return items
	case v.Kind != input.Map:
		return v.Any()
	}
	fields := make(map[string]any, len(v.Fields))
	for _, f := range v.Fields {
		if below := append(path, f.Name); r.reported[key(below)] != removed {
			fields[f.Name] = r.open(f.Value, below)
		}
	}
	within := key(path)
	for reported, m := range r.reported { // what is missing was reported at a path that nothing stands at
		name, ok := strings.CutPrefix(reported, within)
		if name = strings.TrimSuffix(name, "\x00"); ok && m == opened && name != "" && !strings.Contains(name, "\x00") {
			fields[name] = r.schema.anything
		}
	}
	return fields
}

// problems groups errors by path, sorted, and leaves out a path that only fails
// because something below it does.
func (r *report) problems(err error) []problem {
	byPath := map[string]*problem{}
	for _, e := range errors.Errors(err) {
		path := r.blame(e)
		at := key(path)
		if byPath[at] == nil {
			byPath[at] = &problem{path: path}
		}
		byPath[at].errors = append(byPath[at].errors, e)
	}
	keys := slices.Sorted(maps.Keys(byPath))
	var out []problem
	for i, at := range keys {
		if i+1 < len(keys) && strings.HasPrefix(keys[i+1], at) {
			continue
		}
		out = append(out, *byPath[at])
	}
	return out
}

// pathOf is the error's path less the definition it starts with.
func pathOf(e errors.Error) []string {
	path := e.Path()
	if len(path) > 0 && strings.HasPrefix(path[0], "#") {
		path = path[1:]
	}
	out := make([]string, len(path))
	for i, part := range path {
		out[i] = strings.Trim(part, `"`)
	}
	return out
}

// blame is the path that a person has to look at: of an unknown field inside
// an unknown field the outer one, of a rule over several fields the last of them
// that is there.
func (r *report) blame(e errors.Error) []string {
	path := pathOf(e)
	if unknown(e) {
		for i := range path {
			if len(step(r.def, path[:i]...)) > 0 && len(step(r.def, path[:i+1]...)) == 0 {
				return path[:i+1]
			}
		}
	}
	for i, part := range path {
		if !strings.HasPrefix(part, "_") || r.whole.At(path[:i+1]...) != nil {
			continue
		}
		for _, pos := range positions([]errors.Error{e}) {
			for _, name := range slices.Backward(r.schema.rules.reads(pos)) {
				if r.whole.At(path[:i]...).Get(name) != nil {
					return append(path[:i:i], name)
				}
			}
		}
		return path[:i]
	}
	return path
}

// withdraw takes a field out of the value of later rounds where opening it was
// not enough: one that must not be there at all is wrong whatever it holds, and
// would hide other errors for ever.
func (r *report) withdraw(path []string) bool {
	if r.reported[key(path)] != opened || r.whole.At(path...) == nil {
		return false
	}
	for n := len(path); n > 0; n-- {
		if r.whole.At(path[:n-1]...).Kind == input.Map { // an item of a list would leave a gap, so its list goes
			r.reported[key(path[:n])] = removed
			return true
		}
	}
	return false
}

// follows says whether a problem is only there because of what is reported
// already.
func (r *report) follows(p problem, complete bool) bool {
	at := key(p.path)
	if r.reported[at] != 0 {
		return true
	}
	lacks, over := missing(p.errors[0]), hidden(p.errors[0])
	for reported, m := range r.reported {
		switch {
		case strings.HasPrefix(at, reported): // open, so its parts are missing
			return true
		case !strings.HasPrefix(reported, at) || over || lacks:
		case complete: // a rule that needs what is open now
			return true
		case m == removed && strings.Count(reported[len(at):], "\x00") == 1: // a map that has fewer fields now
			return true
		}
	}
	return false
}

func (r *report) add(p problem) {
	r.reported[key(p.path)] = opened
	if unknown(p.errors[0]) {
		r.reported[key(p.path)] = removed
	}
	r.found = append(r.found, p)
}

// findings says what was found. Left out is what only holds because a field that
// decides about it is wrong: CUE takes such a field for missing, so nothing is to be
// said of the others before it is right.
func (r *report) findings() fleet.Findings {
	wrong := map[string]bool{}
	for at := range r.reported {
		wrong[at] = true // also what is cut off
	}
	for _, p := range r.found {
		wrong[key(p.path)] = slices.ContainsFunc(p.errors, func(e errors.Error) bool { return len(r.decides(e)) == 0 })
	}
	var out fleet.Findings
	for _, p := range r.found {
		p.errors = slices.DeleteFunc(p.errors, func(e errors.Error) bool { return r.undecided(e, p.path, wrong) })
		if slices.ContainsFunc(p.errors, func(e errors.Error) bool { return !is(e, msgEcho) }) {
			out = append(out, r.finding(p))
		}
	}
	return out
}

// undecided says whether one of the fields that decide about a rule, whose error is at
// a path, is wrong.
func (r *report) undecided(e errors.Error, path []string, wrong map[string]bool) bool {
	for _, name := range r.decides(e) {
		for n := range path {
			if wrong[key(append(path[:n:n], name))] && path[n] != name {
				return true
			}
		}
	}
	return false
}

// decides lists the fields in the conditions of the rules behind an error.
func (r *report) decides(e errors.Error) []string {
	var names []string
	for _, pos := range positions([]errors.Error{e}) {
		names = append(names, r.schema.rules.decides(pos)...)
	}
	return names
}

func (r *report) finding(p problem) fleet.Finding {
	f := r.describe(p)
	f.Severity = fleet.Error
	f.Position = r.whole.Place(p.path...)
	if v := r.whole.At(p.path...); v != nil && !unknown(p.errors[0]) {
		f.Position = v.Position
	}
	f.Rules = r.rules(p)
	return f
}

// rules are the places of the rules behind a problem, one a line. CUE also names
// the fields and embeddings on the way to them, which only lead there.
func (r *report) rules(p problem) []string {
	places := positions(p.errors)
	if unknown(p.errors[0]) {
		for _, v := range step(r.def, p.path[:len(p.path)-1]...) {
			places = append(places, v.Pos())
		}
	}
	field := p.path[:len(p.path):len(p.path)]
	for len(field) > 0 && isIndex(field[len(field)-1]) {
		field = field[:len(field)-1]
	}
	var near, all []string
	for _, pos := range slices.SortedFunc(slices.Values(places), token.Pos.Compare) {
		place := fmt.Sprintf("%s:%d:%d", pos.Filename(), pos.Line(), pos.Column())
		line := place[:strings.LastIndexByte(place, ':')+1]
		onLine := func(other string) bool { return strings.HasPrefix(other, line) }
		if !slices.ContainsFunc(all, onLine) {
			all = append(all, place)
		}
		if label := r.schema.rules.label(pos); (len(field) > 0 && label == field[len(field)-1] || label == format) && !slices.ContainsFunc(near, onLine) {
			near = append(near, place)
		}
	}
	if len(near) > 0 {
		return near
	}
	return all
}

// positions are the places of the rules behind errors.
func positions(errs []errors.Error) []token.Pos {
	var out []token.Pos
	for _, e := range errs {
		for _, pos := range errors.Positions(e) {
			if strings.HasPrefix(pos.Filename(), "cue/") {
				out = append(out, pos)
			}
		}
	}
	return out
}
