package contract

import (
	"regexp"
	"strings"
	"testing"
)

// podOf names a pod as the API server does for a Deployment's ReplicaSet.
func podOf(deployment, hash, random string) string {
	return (deployment + "-" + hash + "-")[:min(len(deployment)+len(hash)+2, 58)] + random
}

func TestPodPattern(t *testing.T) {
	long := strings.Repeat("a", 40) // the longest name of a model
	models := []string{"ranker", "ranker-large", "ranker-canary", "ranker-7d4b9c6f5", long, long + "-canary", long[:39]}
	for _, model := range models {
		pattern := regexp.MustCompile("^(?:" + PodPattern(model) + ")$") // as Prometheus anchors
		for _, other := range models {
			for _, hash := range []string{"7d4b9c6f58", "7d4b9c6f5", "d9"} {
				pod := podOf(other, hash, "x2x4z")
				if got, want := pattern.MatchString(pod), model == other; got != want {
					t.Errorf("%s is taken for a pod of %s: %t", pod, model, got)
				}
			}
		}
	}
}
