package prometheus

import "time"

// old is longer than any model may take to start (2 h).
const old = 3 * time.Hour

func podScenarios() []scenario {
	return []scenario{
		{
			alert: "ModelNotReady", severity: "critical", over: minutely(old),
			fires: unavailable(0, 0),
			quiet: map[string]story{
				"one of two is available": unavailable(1, 0),
				// As after a scaling from zero.
				"its pods are starting": unavailable(0, (old - 5*time.Second).Seconds()),
			},
		},
		{
			alert: "ModelNotReady", severity: "warning", over: minutely(old),
			fires: unready("Running", 0),
			quiet: map[string]story{
				"it was evicted": unready("Failed", 0),
				"it is starting": unready("Running", (old - 5*time.Second).Seconds()),
				"it is ending": func(s subject, over span) series {
					return unready("Running", 0)(s, over).and(s.state("kube_pod_deletion_timestamp", 0, always(1, over)))
				},
			},
		},
		{
			alert: "ModelRestarts", severity: "critical", over: minutely(30 * time.Minute),
			fires: restarting(0.4),
			quiet: map[string]story{"2.5 in ten minutes": restarting(0.25)},
		},
		{
			alert: "ModelPending", severity: "warning", over: minutely(10 * time.Minute),
			fires: func(s subject, over span) series {
				return series{s.state("kube_pod_status_scheduled", 0, always(1, over), `condition="false"`)}
			},
			quiet: map[string]story{
				"since a minute": func(s subject, _ span) series {
					return series{s.state("kube_pod_status_scheduled", 0, "0+0x8 1 1", `condition="false"`)}
				},
				"it downloads its model": func(s subject, over span) series {
					return series{
						s.state("kube_pod_status_scheduled", 0, always(0, over), `condition="false"`),
						s.state("kube_pod_status_phase", 0, always(1, over), `phase="Pending"`),
					}
				},
			},
		},
		{
			alert: "ModelCPUHigh", severity: "warning", over: minutely(30 * time.Minute),
			fires: computing(0.85, 0.85),
			quiet: map[string]story{"one of two is busy": computing(0.98, 0.5)},
		},
		{
			alert: "ModelMemoryHigh", severity: "critical", over: minutely(20 * time.Minute),
			fires: remembering(0.5, 0.91),
			quiet: map[string]story{"89 %": remembering(0.89, 0.89)},
		},
		{
			alert: "ModelGPUHigh", severity: "warning", over: minutely(20 * time.Minute),
			fires: accelerating(false, 90, 90),
			quiet: map[string]story{
				"one of two is busy":                         accelerating(false, 99, 60),
				"one of two is busy, and labels are honored": accelerating(true, 99, 60),
			},
		},
		{
			alert: "ModelGPUHigh", severity: "warning", over: minutely(20 * time.Minute),
			fires: accelerating(true, 90, 90),
		},
	}
}

// unavailable wants two replicas and has some, of pods that were created at a time in seconds.
func unavailable(replicas, created float64) story {
	return func(s subject, over span) series {
		return series{
			s.deployment("kube_deployment_spec_replicas", always(2, over)),
			s.deployment("kube_deployment_status_replicas_available", always(replicas, over)),
			s.state("kube_pod_created", 0, always(created, over)),
		}
	}
}

// unready is a pod in a phase that a node took at a time in seconds.
func unready(phase string, started float64) story {
	return func(s subject, over span) series {
		return series{
			s.state("kube_pod_status_ready", 0, always(0, over), `condition="true"`),
			s.state("kube_pod_status_ready", 0, always(1, over), `condition="false"`),
			s.state("kube_pod_status_phase", 0, always(1, over), `phase="`+phase+`"`),
			s.state("kube_pod_start_time", 0, always(started, over)),
		}
	}
}

func restarting(perMinute float64) story {
	return func(s subject, over span) series {
		return series{s.container("kube_pod_container_status_restarts_total", 0, counted(perMinute, over))}
	}
}

// computing has two pods of two CPUs each use a share of them.
func computing(shares ...float64) story {
	return func(s subject, over span) series {
		var out series
		for i, share := range shares {
			out = out.and(
				s.container("kube_pod_container_resource_limits", i, always(2, over), `resource="cpu"`, `unit="core"`),
				s.container("container_cpu_usage_seconds_total", i, counted(share*2*60, over), `cpu="total"`))
		}
		return out
	}
}

// remembering has two pods of 4 GiB each use a share of them.
func remembering(shares ...float64) story {
	const limit = 4 << 30
	return func(s subject, over span) series {
		var out series
		for i, share := range shares {
			out = out.and(
				s.container("kube_pod_container_resource_limits", i, always(limit, over), `resource="memory"`, `unit="byte"`),
				s.container("container_memory_working_set_bytes", i, always(share*limit, over)))
		}
		return out
	}
}

// accelerating has two GPUs, or MIG instances, busy for a percentage of the time.
func accelerating(honored bool, percent ...float64) story {
	return func(s subject, over span) series {
		var out series
		for i, busy := range percent {
			if s.mig {
				out = out.and(s.gpu("DCGM_FI_PROF_GR_ENGINE_ACTIVE", i, always(busy/100, over), honored))
			} else {
				out = out.and(s.gpu("DCGM_FI_DEV_GPU_UTIL", i, always(busy, over), honored))
			}
		}
		return out
	}
}
