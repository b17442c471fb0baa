package prometheus

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// subject is the model that something happens to in a scenario.
type subject struct {
	tenant, model string
	triton, mig   bool
	// latency is the promised 99th percentile in seconds, budget the share of requests
	// that may fail.
	latency, budget float64
}

// learn reads from the rules what scenarios have to know of the model.
func (f *ruleFile) learn(t *testing.T) {
	t.Helper()
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			f.triton = f.triton || strings.Contains(r.Expr, "nv_inference_request_success")
			f.mig = f.mig || strings.Contains(r.Expr, "DCGM_FI_PROF_GR_ENGINE_ACTIVE")
			switch r.Record {
			case "model:slo_latency_seconds:p99":
				f.latency = vector(t, r.Expr)
			case "model:slo_error_budget:ratio":
				f.budget = vector(t, r.Expr)
			}
		}
	}
	if f.latency <= 0 || f.budget <= 0 {
		t.Fatalf("%s: model %s has a latency of %v s and a budget of %v", f.path, f.model, f.latency, f.budget)
	}
}

func vector(t *testing.T, expr string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(expr, "vector("), ")"), 64)
	if err != nil {
		t.Fatalf("%q: %v", expr, err)
	}
	return value
}

// series are lines of promqltest's load: a series and its values, one a step.
type series []string

func (s series) and(more ...string) series { return append(s, more...) }

// Two pods of the model, as a ReplicaSet names them.
func (s subject) pod(i int) string {
	return s.model + "-6d4b75cb6d-" + []string{"hwf2k", "x7x9p"}[i]
}

// scraped is a series as our ServiceMonitor brings it: with the labels that the operator
// adds, and those of its relabelings.
func (s subject) scraped(metric, values string, labels ...string) string {
	of := append([]string{
		`namespace="tenant-` + s.tenant + `"`, `pod="` + s.pod(0) + `"`, `container="server"`, `endpoint="metrics"`,
		`job="` + s.model + `"`, `service="` + s.model + `"`, `instance="10.1.2.3:8002"`,
		`tenant="` + s.tenant + `"`, `model="` + s.model + `"`, `environment="production"`, `cluster="us-east-production"`,
	}, labels...)
	return metric + "{" + strings.Join(of, ",") + "} " + values
}

// served is a series of the server itself; what it says of itself under our labels' names
// was renamed when it was scraped.
func (s subject) served(metric, values string, labels ...string) string {
	if s.triton {
		return s.scraped(metric, values, append(labels, `exported_model="`+s.model+`"`, `version="3"`)...)
	}
	return s.scraped(metric, values, append(labels, `model_name="`+s.model+`"`, `version="3"`)...)
}

// state is a series of kube-state-metrics, or of cAdvisor, about pod i.
func (s subject) state(metric string, i int, values string, labels ...string) string {
	of := append([]string{`namespace="tenant-` + s.tenant + `"`, `pod="` + s.pod(i) + `"`}, labels...)
	return metric + "{" + strings.Join(of, ",") + "} " + values
}

// container is the like about the container that serves.
func (s subject) container(metric string, i int, values string, labels ...string) string {
	return s.state(metric, i, values, append(labels, `container="server"`)...)
}

func (s subject) deployment(metric, values string) string {
	return metric + `{namespace="tenant-` + s.tenant + `",deployment="` + s.model + `"} ` + values
}

// gpu is a series of the DCGM exporter, scraped with honorLabels or, as is usual, without.
func (s subject) gpu(metric string, i int, values string, honored bool) string {
	labels := `{namespace="gpu-operator",pod="nvidia-dcgm-exporter-2xk5p",gpu="%d",exported_namespace="tenant-%s",exported_pod="%s",exported_container="server"} `
	if honored {
		labels = `{gpu="%d",namespace="tenant-%s",pod="%s",container="server"} `
	}
	return metric + fmt.Sprintf(labels, i, s.tenant, s.pod(i)) + values
}

// span is the time that a scenario takes, and how often a series has a value and rules are
// evaluated in it.
type span struct{ end, step time.Duration }

func minutely(end time.Duration) span { return span{end, time.Minute} }

func (o span) steps(d time.Duration) int { return int(d / o.step) }

// always is a value from the beginning to the end.
func always(value float64, over span) string {
	return fmt.Sprintf("%s+0x%d", plain(value), over.steps(over.end))
}

// counted is a counter that grows by perMinute from the beginning to the end.
func counted(perMinute float64, over span) string { return countedUntil(perMinute, over.end, over) }

// countedUntil is one that stands still from then on.
func countedUntil(perMinute float64, then time.Duration, over span) string {
	growth, steps := perMinute*over.step.Minutes(), over.steps(then)
	grows := fmt.Sprintf("0+%sx%d", plain(growth), steps)
	if then == over.end {
		return grows
	}
	return grows + fmt.Sprintf(" %s+0x%d", plain(growth*float64(steps)), over.steps(over.end-then)-1)
}

func plain(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }
