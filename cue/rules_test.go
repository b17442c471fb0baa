package schemas

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/errors"
)

// Every good document passes; every bad one is refused at the place that is wrong.
func TestRules(t *testing.T) {
	ctx, schemas := compile(t)
	for _, c := range ruleCases(t) {
		err := check(ctx, schemas, c.definition, c.doc)
		switch {
		case c.at == "" && err != nil:
			t.Errorf("%s: a good document is refused:\n%s", c.name, errors.Details(err, nil))
		case c.at != "" && err == nil:
			t.Errorf("%s: a bad document is accepted (%s)", c.name, c.at)
		case c.at != "" && !refusedAt(err, c):
			t.Errorf("%s: refused elsewhere than at %s:\n%s", c.name, c.at, errors.Details(err, nil))
		}
	}
}

// asExpected says whether checking a case had the outcome it should have.
func asExpected(err error, c ruleCase) bool {
	if c.at == "" {
		return err == nil
	}
	return err != nil && refusedAt(err, c)
}

// refusedAt says whether one of the errors is at the case's path.
func refusedAt(err error, c ruleCase) bool {
	want := c.definition + "/" + c.at
	for _, e := range errors.Errors(err) {
		if strings.ReplaceAll(strings.Join(e.Path(), "/"), `"`, "") == want {
			return true
		}
	}
	return false
}
