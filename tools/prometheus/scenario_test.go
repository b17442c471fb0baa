package prometheus

import (
	"slices"
	"time"
)

// scenario is what must raise an alert, and what must not although it comes near.
type scenario struct {
	alert, severity string
	window          string // the alert's label long_window; "" where it has none
	over            span
	fires           story
	quiet           map[string]story
}

func scenarios() []scenario {
	return slices.Concat(requestScenarios(), burnScenarios(), podScenarios())
}

type story = func(s subject, over span) series

func requestScenarios() []scenario {
	return []scenario{
		{
			alert: "ModelLatencyP95High", severity: "warning", over: minutely(20 * time.Minute),
			fires: slow(0.10, "0.95", func(subject) float64 { return 5.5 }),
			quiet: map[string]story{"4 % are slow": slow(0.04, "0.95", func(subject) float64 { return 4.5 })},
		},
		{
			alert: "ModelLatencyObjectiveMissed", severity: "warning", over: minutely(20 * time.Minute),
			fires: slow(0.02, "0.99", func(s subject) float64 { return s.latency * 1.1 }),
			quiet: map[string]story{"0.5 % are slow": slow(0.005, "0.99", func(s subject) float64 { return s.latency * 0.9 })},
		},
		{
			alert: "ModelErrorRateHigh", severity: "warning", over: minutely(20 * time.Minute),
			fires: failing(0.011),
			quiet: map[string]story{"0.9 % fail": failing(0.009), "none fails": failing(0)},
		},
		{
			alert: "ModelErrorRateHigh", severity: "critical", over: minutely(20 * time.Minute),
			fires: failing(0.055),
			quiet: map[string]story{"4.5 % fail": failing(0.045)},
		},
		{
			alert: "ModelQueueLong", severity: "warning", over: minutely(20 * time.Minute),
			fires: queued(100_000),
			quiet: map[string]story{"one waits": queued(1)},
		},
		{
			alert: "ModelMetricsMissing", severity: "warning", over: minutely(20 * time.Minute),
			fires: func(s subject, over span) series {
				return series{s.state("kube_pod_status_ready", 0, always(1, over), `condition="true"`), s.scraped("up", always(0, over))}
			},
			quiet: map[string]story{
				"one of two is scraped": func(s subject, over span) series {
					return series{
						s.state("kube_pod_status_ready", 0, always(1, over), `condition="true"`),
						s.state("kube_pod_status_ready", 1, always(1, over), `condition="true"`),
						s.scraped("up", always(1, over)),
					}
				},
				"scaled to zero": func(subject, span) series { return nil },
			},
		},
	}
}

// buckets are the included server's.
var buckets = []string{"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "+Inf"}

// slow has a share of the included server's requests take longer than anybody was promised
// and the rest no time; of Triton, which exports quantiles, it sets the one.
func slow(share float64, quantile string, seconds func(subject) float64) story {
	return func(s subject, over span) series {
		if s.triton {
			return series{s.served("nv_inference_request_summary_us", always(seconds(s)*1e6, over), `quantile="`+quantile+`"`)}
		}
		const perMinute = 1000
		var out series
		for _, le := range buckets {
			count := perMinute * (1 - share)
			if le == "+Inf" {
				count = perMinute
			}
			out = out.and(s.served("inference_request_duration_seconds_bucket", counted(count, over), `le="`+le+`"`))
		}
		return out
	}
}

// failing has a share of a thousand requests a minute fail. What callers did wrong or gave
// up is there too, and must not count.
func failing(share float64) story {
	return func(s subject, over span) series {
		return requests(s, func(perMinute float64, failure bool) string {
			if failure {
				return counted(perMinute*share, over)
			}
			return counted(perMinute*(1-share), over)
		})
	}
}

// requests are the counters of a server that answers a thousand requests a minute.
func requests(s subject, count func(perMinute float64, failure bool) string) series {
	if s.triton {
		return series{
			s.served("nv_inference_request_success", count(1000, false)),
			s.served("nv_inference_request_failure", count(600, true), `reason="BACKEND"`),
			s.served("nv_inference_request_failure", count(400, true), `reason="REJECTED"`),
			s.served("nv_inference_request_failure", count(500, false), `reason="CANCELED"`),
		}
	}
	return series{
		s.scraped("inference_requests_total", count(800, false), `protocol="http"`, `code="200"`),
		s.scraped("inference_requests_total", count(100, false), `protocol="http"`, `code="400"`),
		s.scraped("inference_requests_total", count(100, false), `protocol="grpc"`, `code="InvalidArgument"`),
		s.scraped("inference_requests_total", count(600, true), `protocol="http"`, `code="503"`),
		s.scraped("inference_requests_total", count(400, true), `protocol="grpc"`, `code="Unavailable"`),
	}
}

func queued(waiting float64) story {
	return func(s subject, over span) series {
		metric := "inference_queue_length"
		if s.triton {
			metric = "nv_inference_pending_request_count"
		}
		return series{s.served(metric, always(waiting, over))}
	}
}

// burnScenarios have errors burn the budget a tenth faster, and a tenth slower, than each
// alert allows, and an incident that is over.
func burnScenarios() []scenario {
	var out []scenario
	for _, b := range []struct {
		severity    string
		factor      float64
		long, short time.Duration
		window      string
		step        time.Duration
	}{
		{"critical", 14.4, time.Hour, 5 * time.Minute, "1h", time.Minute},
		{"critical", 6, 6 * time.Hour, 30 * time.Minute, "6h", 5 * time.Minute},
		{"warning", 3, 24 * time.Hour, 2 * time.Hour, "1d", 5 * time.Minute},
		{"warning", 1, 72 * time.Hour, 6 * time.Hour, "3d", 5 * time.Minute},
	} {
		out = append(out, scenario{
			alert: "ModelErrorBudgetBurn", severity: b.severity, window: b.window, over: span{b.long + 4*time.Hour, b.step},
			fires: func(s subject, over span) series { return failing(1.1*b.factor*s.budget)(s, over) },
			quiet: map[string]story{
				"a tenth slower": func(s subject, over span) series { return failing(0.9*b.factor*s.budget)(s, over) },
				"it is over": func(s subject, over span) series {
					then := over.end - b.short - 5*time.Minute
					return requests(s, func(perMinute float64, failure bool) string {
						if failure {
							return countedUntil(perMinute, then, over)
						}
						return counted(perMinute, over)
					})
				},
			},
		})
	}
	return out
}
