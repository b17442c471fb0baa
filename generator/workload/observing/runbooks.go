package observing

// runbookOf has a page for every name of an alert, and for no other; a test holds it to that.
//
// NAMESPACE, MODEL and POD stand for what the alert's labels say.
var runbookOf = map[string]runbook{
	"ModelLatencyP95High": {
		meaning: "One request in twenty spends more than 5 s in the server, from its head to the end of its answer. " +
			"For Triton it is the slowest replica's percentile.",
		impact: "Callers with a timeout of a few seconds give up, and many of them try again, which makes it worse.",
		look: []string{
			"The dashboard's *Queue* beside *Latency*. A long queue: too few replicas, go on with [ModelQueueLong](ModelQueueLong.md). A short one: the model itself is slow.",
			"*GPU utilisation* and *average CPU*: is the device the limit, or is it idle?",
			"What changed: `kubectl -n NAMESPACE rollout history deployment/MODEL`, and the Git log of the tenant's folder.",
		},
		mend: []string{
			"Revert the commit that changed `version`, `batching` or `gpu`; Argo CD rolls back.",
			"Raise `replicas.max` where the autoscaler stands at it.",
			"Lower `batching.maxSize` where single batches take long: a request pays for its whole batch.",
		},
	},
	"ModelLatencyObjectiveMissed": {
		meaning: "The 99th percentile of a request's time in the server is above what the model's `slo.latencyP99` promises " +
			"(500 ms where nobody says otherwise).",
		impact: "The tenant's promise is broken for one request in a hundred. The network between caller and server is not in it.",
		look: []string{
			"The dashboard's *Latency* has the promise as a dashed line: since when, and by how much?",
			"Whether it is all replicas or one: *CPU per pod*, and `kubectl -n NAMESPACE top pod`.",
			"Whether requests became larger: *Batch size* counts rows.",
		},
		mend: []string{
			"As for [ModelLatencyP95High](ModelLatencyP95High.md).",
			"Lower `batching.maxDelay` where the queue is short: it is time that every request waits for company.",
			"Where the promise was never kept, agree on another one: `slo.latencyP99` in the model's file.",
		},
	},
	"ModelErrorRateHigh": {
		meaning: "More than 1 % (warning) or 5 % (critical) of the last five minutes' requests failed by the server's fault: HTTP 5xx, the like " +
			"in gRPC, or Triton's failures other than what callers cancelled. What callers got wrong (4xx) does not count.",
		impact: "These callers got no answer.",
		look: []string{
			"Which error: `sum by (protocol, code) (rate(inference_requests_total{namespace=\"NAMESPACE\",model=\"MODEL\"}[5m]))` for the included server, " +
				"`sum by (reason) (rate(nv_inference_request_failure{namespace=\"NAMESPACE\",model=\"MODEL\"}[5m]))` for Triton.",
			"503 and Unavailable: the queue is full, go on with [ModelQueueLong](ModelQueueLong.md). 504 and DeadlineExceeded: too slow, go on with [ModelLatencyP95High](ModelLatencyP95High.md).",
			"500 and Internal: the log, `kubectl -n NAMESPACE logs -l mlfleet.dev/model=MODEL -c server --since=15m`.",
		},
		mend: []string{
			"After a new version: revert its commit.",
			"One bad replica: delete its pod; the disruption budget and the others carry on.",
		},
	},
	"ModelErrorBudgetBurn": {
		meaning: "`slo.availability` allows some requests to fail in 30 days. They fail so fast that this budget will not last: at 14.4 times the " +
			"allowed speed for an hour, 6 times for six hours, 3 times for a day, or just too fast for three days. The short " +
			"window says that it is still going on.",
		impact: "Critical: the month's promise is gone in hours or days. Warning: it will be gone before the month is.",
		look: []string{
			"The dashboard's *Error budget burn*, and the labels `long_window` and `short_window` of the alert.",
			"The causes are those of [ModelErrorRateHigh](ModelErrorRateHigh.md); a slow burn is often one kind of request that always fails.",
		},
		mend: []string{
			"As for [ModelErrorRateHigh](ModelErrorRateHigh.md).",
			"Where the budget is spent: stop rolling out to this model until it has recovered.",
		},
	},
	"ModelQueueLong": {
		meaning: "At every replica, on average, more than four full batches of requests have waited for ten minutes. The autoscaler has not caught up, or may not.",
		impact:  "Every request waits longer than it is computed. The included server turns requests away when 1,024 wait.",
		look: []string{
			"`kubectl -n NAMESPACE get hpa`: are the replicas at their maximum? Do the metrics say `<unknown>`? KEDA's is named `keda-hpa-MODEL`.",
			"Pods that wait for a node: [ModelPending](ModelPending.md). Pods that do not start: [ModelNotReady](ModelNotReady.md).",
			"*Batch size* on the dashboard: batches that stay small while the queue is long point at the model's own limit (`maxBatchSize`, or Triton's config.pbtxt).",
		},
		mend: []string{
			"Raise `replicas.max`, within the tenant's quota and the environment's limits.",
			"Raise `batching.maxSize` where GPU memory allows.",
		},
	},
	"ModelMetricsMissing": {
		meaning: "Replicas are ready, and Prometheus could scrape none of them for ten minutes.",
		impact:  "Nobody, perhaps. But latency, errors and queue are not seen, alerts on them cannot come, and an autoscaler that reads them stands still.",
		look: []string{
			"Prometheus' page *Targets*, for NAMESPACE: what is the error?",
			"*context deadline exceeded*: a network policy. `kubectl -n NAMESPACE get networkpolicy allow-prometheus -o yaml` names the namespace that Prometheus must be in.",
			"No target at all: does the ServiceMonitor have the label `release` that this Prometheus selects by?",
			"*sample limit exceeded*: the model's labels have run away; the limit is the ServiceMonitor's `sampleLimit`.",
		},
		mend: []string{
			"Correct `observability` of the cluster in its region's file, and regenerate.",
		},
	},
	"ModelNotReady": {
		meaning: "Critical: replicas are asked for and none is available. Warning: one replica's pod has not been ready for five minutes, " +
			"although the model's `startup.timeout` is over. Pods that are ending, were evicted or wait for a node do not count.",
		impact: "Critical: nobody gets an answer. Warning: the others carry its share.",
		look: []string{
			"`kubectl -n NAMESPACE describe pod POD`: the last events and the state of both containers.",
			"The container `fetch`: `kubectl -n NAMESPACE logs POD -c fetch`. It ends with 1 when the artifact cannot be had or is not what `artifact.sha256` says, and with 2 when its settings are wrong.",
			"The container `server`: `kubectl -n NAMESPACE logs POD -c server`. *CUDA failure*, *no kernel image*, *out of memory* are the likeliest.",
			"No pod at all: `kubectl -n NAMESPACE describe replicaset -l mlfleet.dev/model=MODEL` says which quota or policy refused it.",
		},
		mend: []string{
			"Revert the commit that changed `version`, `artifact` or `image`.",
			"A model that only needs longer: raise `startup.timeout`.",
			"A node with a broken GPU: cordon it and delete the pod.",
		},
	},
	"ModelRestarts": {
		meaning: "The server in one pod was restarted more than three times in ten minutes.",
		impact:  "Each restart loads the model anew and loses what the pod had accepted. The other replicas carry its share, if they do not do the same.",
		look: []string{
			"Why it ended: `kubectl -n NAMESPACE get pod POD -o jsonpath='{.status.containerStatuses[*].lastState}'`. *OOMKilled* is memory, exit code 1 a model that cannot be loaded, 137 without OOMKilled a liveness probe.",
			"What it said: `kubectl -n NAMESPACE logs POD -c server --previous`.",
		},
		mend: []string{
			"OOMKilled: raise `resources.memory`.",
			"After a new version: revert its commit.",
			"A liveness probe: the server answers it as long as runs on the device end within a minute; a stuck GPU does not. Cordon the node and delete the pod.",
		},
	},
	"ModelPending": {
		meaning: "A pod has had no node for two minutes. A pod that has a node and downloads its model is not meant.",
		impact:  "None yet, if the others suffice. A new GPU node takes some minutes, so one that comes and goes with the traffic needs nobody.",
		look: []string{
			"`kubectl -n NAMESPACE describe pod POD`: the scheduler says which nodes it tried and why not.",
			"*Insufficient nvidia.com/…*: does the node autoscaler add one? Its log and events say so: no capacity at AWS, or the pool's `maxNodes` reached.",
			"*untolerated taint*, *node affinity*: no pool offers the model's `gpu`, `capacity` or sharing any more.",
		},
		mend: []string{
			"AWS has no spot capacity: leave out `capacity: spot`, or add instance types to the pool.",
			"The pool is full: raise its `maxNodes` in the region's file.",
		},
	},
	"ModelCPUHigh": {
		meaning: "On average the replicas have used more than 80 % of their CPU for ten minutes.",
		impact:  "None yet; latency rises next, because the kernel throttles what reaches its limit.",
		look: []string{
			"*CPU per pod*: all of them, or one?",
			"`kubectl -n NAMESPACE get hpa`: are the replicas at their maximum?",
			"For a model on a GPU: the CPU prepares what the GPU computes, and may be what is too small.",
		},
		mend: []string{
			"Raise `replicas.max`, or `resources.cpu`.",
			"Let the model scale on CPU too: `scaling.also: [{metric: cpu, target: 70}]`.",
		},
	},
	"ModelMemoryHigh": {
		meaning: "A pod has used more than 90 % of its memory for five minutes, without what the kernel could take back.",
		impact:  "At 100 % the kernel kills the server, in the middle of requests.",
		look: []string{
			"*Memory per pod*: does it climb without end (a leak), or stand at a level that comes with the model (too little was asked for)?",
			"Whether it came with a new version, or with larger requests.",
		},
		mend: []string{
			"Raise `resources.memory`.",
			"A leak: revert the version; deleting one pod at a time buys hours.",
		},
	},
	"ModelGPUHigh": {
		meaning: "On average the model's GPUs (or MIG instances) were busy more than 85 % of the time for five minutes. DCGM counts time in which " +
			"anything ran, not how much of the GPU it used. Models that share GPUs by MPS or time-slicing have no such alert: DCGM cannot tell them apart.",
		impact: "None yet: a busy GPU is what one pays for. The next rise in traffic will wait.",
		look: []string{
			"*Queue length*: short, and all is well. Long: [ModelQueueLong](ModelQueueLong.md).",
			"*Batch size*: small batches keep a GPU busy without using it.",
		},
		mend: []string{
			"Raise `replicas.max`.",
			"Raise `batching.maxSize` or `batching.maxDelay`, where the latency objective leaves room.",
		},
	},
}
