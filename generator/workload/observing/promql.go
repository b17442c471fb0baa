package observing

import (
	"strconv"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// matcher is one condition of a PromQL selector, its value quoted.
func matcher(label, operator, value string) string {
	return label + operator + strconv.Quote(value)
}

func selector(metric string, matchers ...string) string {
	return metric + "{" + strings.Join(matchers, ",") + "}"
}

// scope is whose series are meant.
type scope struct {
	namespace string
	// model is a name, or an expression that matches names.
	model string
	// is compares with it: "=" a name, "=~" an expression.
	is string
}

func scopeOf(p *fleet.Placement, m *fleet.Model) scope {
	return scope{namespace: p.Tenant.Namespace(), model: m.Name, is: "="}
}

// scraped selects series that our ServiceMonitor labelled.
func (s scope) scraped(metric string, further ...string) string {
	return selector(metric, append([]string{matcher("namespace", "=", s.namespace), matcher("model", s.is, s.model)}, further...)...)
}

// pods selects series of kube-state-metrics about the model's pods.
func (s scope) pods(metric string, further ...string) string {
	return selector(metric, append([]string{matcher("namespace", "=", s.namespace), matcher("pod", "=~", contract.PodPattern(s.model))}, further...)...)
}

// containers selects series about the container that serves the model.
func (s scope) containers(metric string, further ...string) string {
	return s.pods(metric, append([]string{matcher("container", "=", contract.ServerContainer)}, further...)...)
}

// gpus selects series of the DCGM exporter about the GPUs that the model's pods hold; their
// label pod is such a pod.
func (s scope) gpus(metric string) string {
	return contract.GPUSeries(metric, s.namespace, contract.PodPattern(s.model))
}

// promDuration writes a duration as PromQL and rule files take it: 90s, 5m, 6h, 3d.
func promDuration(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= unit.of && d%unit.of == 0 {
			return strconv.FormatInt(int64(d/unit.of), 10) + unit.name
		}
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// number writes a number without exponent and without more digits than it has.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
