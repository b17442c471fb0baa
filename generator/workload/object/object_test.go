package object

import "testing"

// A list names builders that may have nothing to make; a nil of theirs must not
// become an object.
func TestAtLeavesOutWhatWasNotMade(t *testing.T) {
	type made struct{ name string }
	got := At("a.yaml", nil, &made{"first"}, nil, &made{"second"})
	if len(got) != 2 || got[0].Value.(*made).name != "first" || got[1].Value.(*made).name != "second" || got[1].File != "a.yaml" {
		t.Errorf("got %+v", got)
	}
}
