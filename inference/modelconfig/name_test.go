package modelconfig

import (
	"strings"
	"testing"
)

func TestNamesAreSafeAsFoldersLabelsAndPaths(t *testing.T) {
	for _, good := range []string{"m", "1", "v1.10", "Bert-base_uncased.v2", strings.Repeat("9", 64)} {
		if !ValidName(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{"", ".", "..", ".hidden", "-flag", "_x", "a/b", `a\b`, "a b", "a\n", "a\x00", "é", "a%2f", "a:b", strings.Repeat("9", 65)} {
		if ValidName(bad) {
			t.Errorf("%q is a name", bad)
		}
	}
}
