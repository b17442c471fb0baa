package check

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// limits holds a replica of each model against what the environment allows.
func (c *checker) limits(p *fleet.Placement) {
	limits := p.Cluster.Environment.Spec.Limits
	if limits.CPU.IsZero() { // the environment could not be read, which is reported
		return
	}
	for _, m := range p.Models {
		over := func(have, limit any, path ...string) {
			at := m.Origins.Origin(path...)
			from := trailing(by(at, m))
			if at.Layer == fleet.SchemaDefault { // nobody can mend it there
				at.Position = m.Position
			}
			c.refuse(at, fmt.Sprintf("model %s asks for %s %v%s", m.Name, name(path), have, from),
				fmt.Sprintf("at most %v in environment %s", limit, p.Cluster.Environment.Name),
				"lower it, or override it for that environment")
		}
		s := &m.Spec
		switch at := m.Origins.Origin("replicas", "max"); {
		case int(s.Replicas.Max) <= limits.Replicas:
		case computed(at):
			c.tooManyComputed(p, m, at, limits.Replicas)
		default:
			over(s.Replicas.Max, limits.Replicas, "replicas", "max")
		}
		if s.GPU != nil && s.GPU.MIGProfile() == "" && s.GPU.Count > limits.GPUs {
			over(s.GPU.Count, limits.GPUs, "gpu", "count")
		}
		if s.Resources.CPU.Cmp(limits.CPU) > 0 {
			over(s.Resources.CPU.String(), limits.CPU.String(), "resources", "cpu")
		}
		if s.Resources.Memory.Cmp(limits.Memory) > 0 {
			over(s.Resources.Memory.String(), limits.Memory.String(), "resources", "memory")
		}
		if s.Shutdown.GracePeriod.Duration > limits.GracePeriod.Duration {
			over(short(s.Shutdown.GracePeriod), short(limits.GracePeriod), "shutdown", "gracePeriod")
		}
	}
}

func name(path []string) string {
	return strings.Join(path, ".")
}

// trailing drops the comma that closes an insertion at a sentence's end.
func trailing(s string) string {
	if s != "" && s[len(s)-1] == ',' {
		return s[:len(s)-1]
	}
	return s
}

// short is a duration as people write it: 5m, not 5m0s.
func short(d metav1.Duration) string {
	text := d.Duration.String()
	if minutes, ok := strings.CutSuffix(text, "m0s"); ok {
		text = minutes + "m"
	}
	if hours, ok := strings.CutSuffix(text, "h0m"); ok {
		text = hours + "h"
	}
	return text
}
