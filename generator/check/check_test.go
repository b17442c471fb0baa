package check_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator/check"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/place"
)

// findings loads a fleet as far as check needs it, and checks it. All documents
// must be good by themselves: what is found is found between them.
func findings(t *testing.T, inputs fstest.MapFS) fleet.Findings {
	t.Helper()
	docs, err := load.Read(inputs)
	if err != nil {
		t.Fatal(err)
	}
	if len(docs.Findings) > 0 {
		t.Fatalf("a document is wrong by itself:\n%v", docs.Findings)
	}
	f, found, err := place.Fleet(docs)
	if err != nil {
		t.Fatal(err)
	}
	return append(found, check.Fleet(f)...).Sorted()
}

// edit is a change of the small fleet.
type edit struct{ file, old, new string }

// Files of the small fleet.
const (
	acme       = "tenants/acme/tenant.yaml"
	sentiment  = "tenants/acme/models/sentiment.yaml"
	ranker     = "tenants/acme/models/ranker.yaml"
	borealis   = "tenants/borealis/tenant.yaml"
	fraud      = "tenants/borealis/models/fraud.yaml"
	north      = "regions/north.yaml"
	production = "environments/production/environment.yaml"
	staging    = "environments/staging/environment.yaml"
	pins       = "environments/production/images.yaml"
)

// Every rule between documents: what breaks it, and all that is said of it then.
func TestRules(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edits []edit
		want  []string
	}{
		{name: "nothing wrong"},
		{"sync windows that Argo CD takes for one", []edit{
			{staging, "  rollout: {strategy: all-at-once}", "  rollout: {strategy: all-at-once}\n  windows:\n  - {kind: deny, schedule: 0 1 * * *, duration: 8h, timeZone: UTC}"},
			{production, "  limits:", "  windows:\n  - {kind: deny, schedule: 0 1 * * *, duration: 8h, timeZone: Europe/Dublin}\n  limits:"},
		}, []string{
			`environments/staging/environment.yaml:7:5: this sync window has the kind, schedule and duration of another one of environment production, but not its time zone or manualSync (Argo CD refuses two such windows in one project) — make them equal, or shift one by a minute`,
		}},
		{name: "equal sync windows are one", edits: []edit{
			{staging, "  rollout: {strategy: all-at-once}", "  rollout: {strategy: all-at-once}\n  windows:\n  - {kind: deny, schedule: 0 1 * * *, duration: 8h, timeZone: UTC}"},
			{production, "  limits:", "  windows:\n  - {kind: deny, schedule: 0 1 * * *, duration: 8h, timeZone: UTC}\n  limits:"},
		}},
		// Names that nothing has.
		{"unknown GPU class of a pool", []edit{
			{north, "{name: parts, class: a100-40gb", "{name: parts, class: a100"},
		}, []string{
			`regions/north.yaml:20:28: there is no GPU class "a100" — did you mean "a10g"?`,
		}},
		{"unknown instance type", []edit{
			{north, "[g5.xlarge, g5.2xlarge]", "[g5.xlarge, g5.2xlarg]"},
		}, []string{
			`regions/north.yaml:19:60: instance type "g5.2xlarg" is not in the catalogue — did you mean "g5.2xlarge"?`,
		}},
		// What its nodes hold is not known, so nothing is said of the models.
		{"unknown instance type alone in a pool", []edit{
			{north, "[g5.xlarge, g5.2xlarge]", "[g5.xlarg]"},
		}, []string{
			`regions/north.yaml:19:49: instance type "g5.xlarg" is not in the catalogue — did you mean "g5.xlarge"?`,
		}},
		{"instance type of another class", []edit{
			{north, "[g4dn.xlarge]", "[g5.xlarge]"},
		}, []string{
			`regions/north.yaml:21:49: instance type g5.xlarge has GPUs of class a10g, not t4 — did you mean "g4dn.xlarge"?`,
		}},
		{"unknown region of a tenant", []edit{
			{acme, "regions: [north, south]", "regions: [north, south, nort]"},
		}, []string{
			`tenants/acme/tenant.yaml:12:29: there is no region "nort" — did you mean "north"?`,
		}},
		{"unknown environment of a tenant", []edit{
			{acme, "environments: [staging, production]", "environments: [stagin, production]"},
		}, []string{
			`tenants/acme/tenant.yaml:11:20: there is no environment "stagin" — did you mean "staging"?`,
		}},
		{"unknown tier", []edit{
			{borealis, "tier: bronze", "tier: bronce"},
		}, []string{
			`tenants/borealis/tenant.yaml:9:9: environment production has no tier "bronce" — did you mean "bronze"?`,
		}},
		{"unknown environment of a cluster", []edit{
			{north, "    environment: staging\n", "    environment: stagin\n"},
			{north, "name: north-staging\n", "name: north-stagin\n"},
		}, []string{
			`regions/north.yaml:23:18: there is no environment "stagin" — did you mean "staging"?`,
		}},
		{"unknown canary region", []edit{
			{production, "canaryRegion: south", "canaryRegion: sud"},
		}, []string{
			`environments/production/environment.yaml:5:51: there is no region "sud" — use one of north, south`,
		}},
		{"unknown image pin", []edit{
			{fraud, "gpu: none", "gpu: none\n  image: trition"},
		}, []string{
			`tenants/borealis/models/fraud.yaml:11:10: environments/production/images.yaml has no image "trition" — did you mean "triton"?`,
		}},
		{"unknown tenant of a pool", []edit{
			{north, "tenant: acme", "tenant: acne"},
		}, []string{
			`regions/north.yaml:21:141: there is no tenant "acne" — did you mean "acme"?`,
		}},
		{"override for an unknown region", []edit{
			{ranker, "{region: north}", "{region: nort}"},
		}, []string{
			`tenants/acme/models/ranker.yaml:16:21: there is no region "nort" — did you mean "north"?`,
		}},
		{"override for an unknown environment", []edit{
			{ranker, "{environment: production}", "{environment: prod}"},
		}, []string{
			`tenants/acme/models/ranker.yaml:13:26: there is no environment "prod" — use one of production, staging`,
		}},
		{"override for an unknown cluster", []edit{
			{ranker, "{cluster: north-production}", "{cluster: north-prod}"},
		}, []string{
			`tenants/acme/models/ranker.yaml:18:22: there is no cluster "north-prod" — use one of north-production, north-staging, south-production, south-staging`,
		}},
		// Claims.
		{"hostname taken in one cluster", []edit{
			{fraud, "hostname: fraud", "hostname: sentiment"},
		}, []string{
			`tenants/borealis/models/fraud.yaml:13:22: hostname "sentiment" is taken (model sentiment of tenant acme claims it at tenants/acme/models/sentiment.yaml:13:22) — choose another`,
		}},
		{"hostname taken by an override", []edit{
			{ranker, "  - match: {region: north}\n", "  - match: {region: north}\n    expose: {hostname: fraud}\n"},
		}, []string{
			`tenants/borealis/models/fraud.yaml:13:22: hostname "fraud" is taken (model ranker of tenant acme claims it at tenants/acme/models/ranker.yaml:17:24) — choose another`,
		}},
		{"two clusters are one to Argo CD", []edit{
			{north, "server: https://staging.north.example", "server: https://production.north.example"},
		}, []string{
			`regions/north.yaml:22:11: cluster north-staging has the same argocd.server as the one at regions/north.yaml:8:11: https://production.north.example — every cluster has its own`,
		}},
		{"names outside of the fleet's domain", []edit{
			{"fleet.yaml", "domain: fleet.example", "domain: north.fleet.example"},
		}, []string{
			`regions/north.yaml:29:25: ingress.hostname "north.staging.fleet.example" does not lie in the fleet's domain (north.fleet.example in fleet.yaml) — choose a name below it`,
			`regions/south.yaml:15:25: ingress.hostname "south.fleet.example" does not lie in the fleet's domain (north.fleet.example in fleet.yaml) — choose a name below it`,
			`regions/south.yaml:29:25: ingress.hostname "south.staging.fleet.example" does not lie in the fleet's domain (north.fleet.example in fleet.yaml) — choose a name below it`,
		}},
		// What clusters offer.
		{"class that no pool has", []edit{
			{sentiment, "{class: a10g}", "{class: h100}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of clusters north-production, south-production offers 1 h100 (exclusive) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (mps; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of clusters north-staging, south-staging offers 1 h100 (exclusive) (it offers a10g (exclusive; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"class that there is not", []edit{
			{sentiment, "{class: a10g}", "{class: a10}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:16: there is no GPU class "a10" — did you mean "a10g"?`,
		}},
		{"class that one cluster lacks", []edit{
			{north, "[g5.xlarge], maxNodes: 4, capacityTypes: [spot]}", "[g5.xlarge], maxNodes: 4, capacityTypes: [spot]}\n    - {name: l4, class: l4, instanceTypes: [g6.xlarge], maxNodes: 3, capacityTypes: [spot]}"},
			{sentiment, "  expose:", "  placement: {regions: [north]}\n  overrides:\n  - {match: {cluster: north-staging}, gpu: {class: l4}}\n  - {match: {cluster: north-production}, gpu: {class: l4}}\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:16:47: no GPU pool of cluster north-production offers 1 l4 (exclusive) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (mps; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"capacity type", []edit{
			{sentiment, "  expose:", "  capacity: on-demand\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of clusters north-staging, south-staging offers 1 a10g (exclusive) on on-demand nodes (it offers a10g (exclusive; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"MIG profile that no pool has", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a100-40gb, sharing: mig-4g.20gb}\n  placement: {environments: [production]}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of clusters north-production, south-production offers 1 a100-40gb (mig-4g.20gb) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (mps; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"MIG profile that the class lacks", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a100-40gb, sharing: mig-1g.6gb}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:36: a GPU of class a100-40gb has no MIG profile "1g.6gb" — did you mean "1g.5gb"?`,
		}},
		{"MIG profile of a class that cannot be partitioned", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a10g, sharing: mig-1g.5gb}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:31: a GPU of class a10g has no MIG profile "1g.5gb" — it cannot be partitioned: take whole GPUs, or a class that can`,
		}},
		{"whole GPU where all are partitioned", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a100-40gb}\n  placement: {environments: [production]}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of clusters north-production, south-production offers 1 a100-40gb (exclusive) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (mps; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"more pods on a GPU than its memory can hold", []edit{
			{north, "mode: mps, replicas: 4", "mode: mps, replicas: 12"},
		}, []string{
			`regions/north.yaml:21:130: 12 pods share a GPU of 16 GiB: CUDA takes 768 MiB of each one's part, and too little is left for a model (at most 11) — let fewer pods share it, or take a class with more memory`,
		}},
		{"MPS pool of another tenant", []edit{
			{fraud, "gpu: none", "gpu: {class: t4, sharing: mps}"},
			{borealis, "quota:\n", "quota:\n    sharedGpus: 4\n"},
			{production, "quota: {gpus: 4, cpu: \"64\"", "quota: {gpus: 4, sharedGpus: 4, cpu: \"64\""},
		}, []string{
			`tenants/borealis/models/fraud.yaml:10:8: no GPU pool of cluster north-production offers 1 t4 (mps) to this tenant: those that do are dedicated to acme (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"MPS where the pool takes turns", []edit{
			{north, "mode: mps", "mode: time-slicing"},
			{sentiment, "gpu: {class: a10g}", "gpu: {class: t4, sharing: mps}\n  placement: {environments: [production], regions: [north]}"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of cluster north-production offers 1 t4 (mps) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (time-slicing; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
		}},
		{"more GPUs than the server uses", []edit{
			{sentiment, "{class: a10g}", "{class: a10g, count: 2}"},
			{staging, "gpus: 1,", "gpus: 4,"},
			{acme, "gpus: 8", "gpus: 32"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:29: a replica asks for 2 GPUs, and the server of runtime onnx runs a model on one (1) — ask for one, and for more replicas; or take runtime triton, which can use several`,
		}},
		{"more GPUs than a node has", []edit{
			{sentiment, "{class: a10g}", "{class: a10g, count: 4}"},
			{sentiment, "runtime: onnx", "runtime: triton"},
			{staging, "gpus: 1,", "gpus: 4,"},
			{acme, "gpus: 8", "gpus: 32"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-production, south-production fits a replica with 4 a10g (exclusive), cpu 3 and memory 10Gi (g5.2xlarge has 1×a10g, 8 vCPU, 32Gi; g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-staging, south-staging fits a replica with 4 a10g (exclusive), cpu 3 and memory 10Gi (g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
		}},
		{"more memory than a node has", []edit{
			{sentiment, "memory: 10Gi", "memory: 40Gi"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-production, south-production fits a replica with 1 a10g (exclusive), cpu 3 and memory 40Gi (g5.2xlarge has 1×a10g, 8 vCPU, 32Gi; g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-staging, south-staging fits a replica with 1 a10g (exclusive), cpu 3 and memory 40Gi (g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
		}},
		{"pool that is full before a rolling update", []edit{
			{north, "[g5.xlarge], maxNodes: 4", "[g5.xlarge], maxNodes: 1"},
			{sentiment, "  expose:", "  overrides:\n  - {match: {environment: staging}, replicas: {min: 1, max: 1}}\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:14:53: replicas.min is 1 and a rolling update adds 1, but the pools of cluster north-staging that offer 1 a10g (exclusive) hold 1 — lower replicas.min, or ask the platform team for more maxNodes`,
		}},
		{"pool that two nodes make large enough for a rolling update", []edit{
			{north, "[g5.xlarge], maxNodes: 4", "[g5.xlarge], maxNodes: 2"},
			{sentiment, "  expose:", "  overrides:\n  - {match: {environment: staging}, replicas: {min: 1, max: 1}}\n  expose:"},
		}, nil},
		// Layouts of pools.
		{"MIG profile of another class", []edit{
			{north, "mig: {3g.20gb: 1, 2g.10gb: 1, 1g.5gb: 2}", "mig: {3g.20gb: 1, 3g.40gb: 1}"},
		}, []string{
			`regions/north.yaml:20:138: a GPU of class a100-40gb has no MIG profile "3g.40gb" — did you mean "3g.20gb"?`,
		}},
		{"MIG layout beyond the memory slices", []edit{
			{north, "mig: {3g.20gb: 1, 2g.10gb: 1, 1g.5gb: 2}", "mig: {3g.20gb: 2, 1g.5gb: 1}"},
		}, []string{
			`regions/north.yaml:20:116: the MIG layout takes 7 compute and 9 memory slices of a GPU (at most 7 and 8) — take fewer or smaller instances`,
		}},
		{"MIG layout beyond the compute slices", []edit{
			{north, "mig: {3g.20gb: 1, 2g.10gb: 1, 1g.5gb: 2}", "mig: {4g.20gb: 1, 2g.10gb: 2}"},
		}, []string{
			`regions/north.yaml:20:116: the MIG layout takes 8 compute and 8 memory slices of a GPU (at most 7 and 8) — take fewer or smaller instances`,
		}},
		// What a tenant was granted.
		{"quotas beyond the tier", []edit{
			{borealis, "quota:\n", "quota:\n    gpus: 5\n    sharedGpus: 1\n    mig: {1g.5gb: 1}\n"},
			{borealis, "cpu: \"40\"", "cpu: \"65\""},
			{borealis, "memory: 100Gi", "memory: 1Ti"},
		}, []string{
			`tenants/borealis/tenant.yaml:14:11: quota.gpus is 5 (at most 4 of tier bronze in environment production) — lower it, or raise the tier's quota`,
			`tenants/borealis/tenant.yaml:15:17: quota.sharedGpus is 1 (at most 0 of tier bronze in environment production) — lower it, or raise the tier's quota`,
			`tenants/borealis/tenant.yaml:16:19: quota.mig.1g.5gb is 1 (at most 0 of tier bronze in environment production) — lower it, or raise the tier's quota`,
			`tenants/borealis/tenant.yaml:17:10: quota.cpu is 65 (at most 64 of tier bronze in environment production) — lower it, or raise the tier's quota`,
			`tenants/borealis/tenant.yaml:18:13: quota.memory is 1Ti (at most 256Gi of tier bronze in environment production) — lower it, or raise the tier's quota`,
		}},
		{"too many models", []edit{
			{production, "models: 3", "models: 1"},
		}, []string{
			`tenants/acme/tenant.yaml: tenant acme has 2 models (at most 1 of tier gold in environment production) — remove models, or ask for a higher tier`,
		}},
		{"no cluster in both", []edit{
			{borealis, "environments: [production]", "environments: [staging]"},
			{north, "environment: staging", "environment: production"},
			{north, "name: north-staging\n", "name: north-production-2\n"},
		}, []string{
			`tenants/borealis/tenant.yaml:11:5: no cluster is in both the environments and the regions of tenant borealis — name an environment and a region that share a cluster`,
		}},
		{"quota below the fewest replicas and a surge", []edit{
			{acme, "cpu: \"100\"", "cpu: \"20\""},
			{acme, "gpus: 8", "gpus: 2"},
			{acme, "memory: 400Gi", "memory: 40Gi"},
		}, []string{
			`tenants/acme/tenant.yaml:14:11: quota.gpus is 2, but the fewest replicas and a rolling update need 3 in cluster north-production (at least sentiment 3×1) — raise the quota, or lower the models' replicas.min or resources`,
			`tenants/acme/tenant.yaml:17:10: quota.cpu is 20, but the fewest replicas and a rolling update need 29 in cluster north-production (at least ranker 5×4 + sentiment 3×3) — raise the quota, or lower the models' replicas.min or resources`,
			`tenants/acme/tenant.yaml:18:13: quota.memory is 40Gi, but the fewest replicas and a rolling update need 60Gi in cluster north-production (at least ranker 5×6Gi + sentiment 3×10Gi) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"quota of shares", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: t4, sharing: mps}\n  placement: {environments: [production]}"},
			{acme, "sharedGpus: 16", "sharedGpus: 1"},
		}, []string{
			`tenants/acme/tenant.yaml:15:17: quota.sharedGpus is 1, but the fewest replicas and a rolling update need 3 in cluster north-production (at least sentiment 3×1) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"an availability that no page guards", []edit{
			{sentiment, "  expose:", "  slo: {availability: \"90\"}\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:13:23: warning: with slo.availability 90 the alert on the fastest loss of it cannot fire (at least 93.06) — promise more, or rely on the three slower alerts`,
		}},
		// A larger quota would not help a model that no pool runs; its CPU counts all the same.
		{"quota of what no pool offers", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: t4}\n  placement: {environments: [production], regions: [north]}"},
			{acme, "gpus: 8", "gpus: 1"},
			{acme, "cpu: \"100\"", "cpu: \"20\""},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no GPU pool of cluster north-production offers 1 t4 (exclusive) (it offers a10g (exclusive; on-demand), a100-40gb (mig-1g.5gb, mig-2g.10gb, mig-3g.20gb; on-demand), t4 (mps; spot)) — choose what the cluster offers, or leave the cluster out with placement or an override`,
			`tenants/acme/tenant.yaml:17:10: quota.cpu is 20, but the fewest replicas and a rolling update need 29 in cluster north-production (at least ranker 5×4 + sentiment 3×3) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"quota of MIG instances", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a100-40gb, sharing: mig-3g.20gb}\n  placement: {environments: [production]}"},
			{acme, "3g.20gb: 8", "3g.20gb: 2"},
		}, []string{
			`tenants/acme/tenant.yaml:16:20: quota.mig.3g.20gb is 2, but the fewest replicas and a rolling update need 3 in cluster north-production (at least sentiment 3×1) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"no quota for MIG instances", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: a100-40gb, sharing: mig-2g.10gb}\n  placement: {environments: [production]}"},
		}, []string{
			`tenants/acme/tenant.yaml:16:10: quota.mig.2g.10gb is 0, but the fewest replicas and a rolling update need 3 in cluster north-production (at least sentiment 3×1) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"model beyond the tenant's placement", []edit{
			{fraud, "gpu: none", "gpu: none\n  placement: {regions: [north, south], environments: [staging]}"},
		}, []string{
			`tenants/borealis/models/fraud.yaml:11:32: tenant borealis has no grant for region "south" (granted are north) — remove it, or ask the platform team to add it to tenants/borealis/tenant.yaml`,
			`tenants/borealis/models/fraud.yaml:11:55: tenant borealis has no grant for environment "staging" (granted are production) — remove it, or ask the platform team to add it to tenants/borealis/tenant.yaml`,
		}},
		// What an environment allows.
		{"limits of an environment", []edit{
			{fraud, "cpu: \"8\"", "cpu: \"17\""},
			{fraud, "memory: 12Gi", "memory: 65Gi"},
			{fraud, "replicas: {min: 2, max: 2}", "replicas: {min: 1, max: 21}\n  shutdown: {gracePeriod: 6m}"},
			{borealis, "memory: 100Gi", "memory: 200Gi"},
		}, []string{
			`tenants/borealis/models/fraud.yaml:11:20: model fraud asks for resources.cpu 17 (at most 16 in environment production) — lower it, or override it for that environment`,
			`tenants/borealis/models/fraud.yaml:11:34: model fraud asks for resources.memory 65Gi (at most 64Gi in environment production) — lower it, or override it for that environment`,
			`tenants/borealis/models/fraud.yaml:12:27: model fraud asks for replicas.max 21 (at most 20 in environment production) — lower it, or override it for that environment`,
			`tenants/borealis/models/fraud.yaml:13:27: model fraud asks for shutdown.gracePeriod 6m (at most 5m in environment production) — lower it, or override it for that environment`,
		}},
		{"limit of GPUs", []edit{
			{sentiment, "{class: a10g}", "{class: a10g, count: 2}"},
			{sentiment, "runtime: onnx", "runtime: triton"},
			{acme, "gpus: 8", "gpus: 32"},
			{staging, "gpus: 1,", "gpus: 0,"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-production, south-production fits a replica with 2 a10g (exclusive), cpu 3 and memory 10Gi (g5.2xlarge has 1×a10g, 8 vCPU, 32Gi; g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
			`tenants/acme/models/sentiment.yaml:10:8: no instance type in clusters north-staging, south-staging fits a replica with 2 a10g (exclusive), cpu 3 and memory 10Gi (g5.xlarge has 1×a10g, 4 vCPU, 16Gi) — ask for less, or ask the platform team for a larger instance type`,
			`tenants/acme/models/sentiment.yaml:10:29: model sentiment asks for gpu.count 2 (at most 0 in environment staging) — lower it, or override it for that environment`,
		}},
		{"limit broken by a default", []edit{
			{acme, "batching: {maxSize: 16}", "shutdown: {gracePeriod: 10m}"},
		}, []string{
			`tenants/acme/tenant.yaml:23:29: model ranker asks for shutdown.gracePeriod 10m, from the tenant acme (at most 5m in environment production) — lower it, or override it for that environment`,
			`tenants/acme/tenant.yaml:23:29: model sentiment asks for shutdown.gracePeriod 10m, from the tenant acme (at most 5m in environment production) — lower it, or override it for that environment`,
		}},
		{"limit broken by an override", []edit{
			{ranker, "replicas: {max: 12}", "replicas: {max: 100}"},
		}, []string{
			`tenants/acme/models/ranker.yaml:19:21: model ranker asks for replicas.max 100 (at most 20 in environment production) — lower it, or override it for that environment`,
		}},
		{"limit broken by the schema's default", []edit{
			{production, "replicas: 20", "replicas: 9"},
			{ranker, "    replicas: {min: 4, max: 8}\n", ""},
			{ranker, "\n  - match: {cluster: north-production}\n    replicas: {max: 12}", ""},
		}, []string{
			`tenants/acme/models/ranker.yaml: model ranker asks for replicas.max 10, from the schema default (at most 9 in environment production) — lower it, or override it for that environment`,
		}},
		// Scaling by what there is.
		{"scaled by GPUs that a model has not", []edit{
			{ranker, "gpu: none", "gpu: none\n  scaling: {metric: cpu, target: 60, also: [{metric: gpu, target: 80}]}"},
		}, []string{
			`tenants/acme/models/ranker.yaml:11:54: model ranker is scaled by its GPUs, and has none — scale it by queue-depth or cpu, or give it a gpu`,
		}},
		{"scaled by GPUs that a model shares", []edit{
			{sentiment, "gpu: {class: a10g}", "gpu: {class: t4, sharing: mps}\n  placement: {environments: [production], regions: [north]}"},
			{acme, "batching: {maxSize: 16}", "scaling: {metric: gpu, target: 80}"},
			{ranker, "gpu: none", "gpu: none\n  scaling: {metric: cpu, target: 60}"},
		}, []string{
			`tenants/acme/tenant.yaml:23:23: model sentiment is scaled by its GPUs, which it shares by mps, from the tenant acme (of a shared GPU nobody can tell who uses it) — scale it by queue-depth there`,
		}},
		{"a sync window that never opens", []edit{
			{staging, "  rollout: {strategy: all-at-once}", "  rollout: {strategy: all-at-once}\n  windows:\n  - {kind: deny, schedule: 0 1 30 2 *, duration: 8h, timeZone: Europe/Atlantis}"},
		}, []string{
			`environments/staging/environment.yaml:7:28: the schedule "0 1 30 2 *" is impossible: no year has these days — correct its day of month or its month`,
			`environments/staging/environment.yaml:7:64: there is no time zone "Europe/Atlantis" (a name of the IANA time zone database, such as Europe/Dublin or UTC) — did you mean "Europe/Athens"?`,
		}},
		// Secrets and volumes.
		{"secrets where no cluster has a store", []edit{
			{sentiment, "  expose:", "  secrets: [{name: payments, env: PAYMENTS_KEY}]\n  expose:"},
			{north, "  - name: north-staging\n", "    secrets: {store: aws-secrets-manager}\n  - name: north-staging\n"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:13:12: no secret store serves cluster north-staging (regions/north.yaml has no secrets for it) — ask the platform team to add it, or override secrets for it with []`,
			`tenants/acme/models/sentiment.yaml:13:12: no secret store serves clusters south-production, south-staging (regions/south.yaml has no secrets for it) — ask the platform team to add it, or override secrets for it with []`,
		}},
		{"a volume of one node and several replicas", []edit{
			{production, "memory: 1Ti}", "memory: 1Ti, storage: 1Ti}"},
			{staging, "memory: 1Ti}", "memory: 1Ti, storage: 1Ti}"},
			{acme, "memory: 400Gi", "memory: 400Gi\n    storage: 1Ti"},
			{sentiment, "  expose:", "  storage: {access: ReadWriteOnce, size: 20Gi}\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:13:21: model sentiment has up to 4 replicas in clusters north-production, north-staging, south-production, south-staging, by the model sentiment, and a volume that one of them can mount (ReadWriteOnce goes with replicas: {min: 1, max: 1}) — set those, or read a volume that was filled beforehand with ReadOnlyMany, or remove storage, so that every replica downloads the files`,
		}},
		{"no replicas, but a default of two", []edit{
			{production, "memory: 1Ti}", "memory: 1Ti, storage: 1Ti}"},
			{staging, "memory: 1Ti}", "memory: 1Ti, storage: 1Ti}"},
			{acme, "memory: 400Gi", "memory: 400Gi\n    storage: 1Ti"},
			{sentiment, "  replicas: {min: 2, max: 4}\n  expose:", "  storage: {access: ReadWriteOnce, size: 20Gi}\n  expose:"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:12:21: model sentiment has up to 10 replicas in clusters north-production, south-production, by the schema default, and a volume that one of them can mount (ReadWriteOnce goes with replicas: {min: 1, max: 1}) — set those, or read a volume that was filled beforehand with ReadOnlyMany, or remove storage, so that every replica downloads the files`,
			`tenants/acme/models/sentiment.yaml:12:21: model sentiment has up to 2 replicas in clusters north-staging, south-staging, by the environment staging, and a volume that one of them can mount (ReadWriteOnce goes with replicas: {min: 1, max: 1}) — set those, or read a volume that was filled beforehand with ReadOnlyMany, or remove storage, so that every replica downloads the files`,
		}},
		{"more volumes than granted", []edit{
			{sentiment, "  replicas: {min: 2, max: 4}\n  expose:", "  replicas: {min: 1, max: 1}\n  storage: {access: ReadWriteOnce, size: 20Gi}\n  expose:"},
		}, []string{
			`tenants/acme/tenant.yaml:14:5: quota.storage is 0, but the models' volumes need 20Gi in cluster north-production (sentiment 20Gi) — raise the quota, or lower the models' storage.size`,
		}},
		{name: "a volume for one replica, and one for its canary", edits: []edit{
			{production, "memory: 1Ti}", "memory: 1Ti, storage: 40Gi}"},
			{staging, "memory: 1Ti}", "memory: 1Ti, storage: 40Gi}"},
			{acme, "memory: 400Gi", "memory: 400Gi\n    storage: 40Gi"},
			{sentiment, "  replicas: {min: 2, max: 4}\n  expose:", "  canary: {version: \"4\", artifact: {uri: \"s3://a-b/c\", sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, weight: 10}\n  replicas: {min: 1, max: 1}\n  storage: {access: ReadWriteOnce, size: 20Gi}\n  expose:"},
		}},
		{"a canary's volume is more than granted", []edit{
			{production, "memory: 1Ti}", "memory: 1Ti, storage: 40Gi}"},
			{staging, "memory: 1Ti}", "memory: 1Ti, storage: 40Gi}"},
			{acme, "memory: 400Gi", "memory: 400Gi\n    storage: 30Gi"},
			{sentiment, "  replicas: {min: 2, max: 4}\n  expose:", "  canary: {version: \"4\", artifact: {uri: \"s3://a-b/c\", sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, weight: 10}\n  replicas: {min: 1, max: 1}\n  storage: {access: ReadWriteOnce, size: 20Gi}\n  expose:"},
		}, []string{
			"tenants/acme/tenant.yaml:19:14: quota.storage is 30Gi, but the models' volumes need 40Gi in cluster north-production (sentiment 20Gi + sentiment-canary 20Gi) — raise the quota, or lower the models' storage.size",
		}},
		{"more volumes granted than the tier may have", []edit{
			{acme, "memory: 400Gi", "memory: 400Gi\n    storage: 1Ti"},
		}, []string{
			`tenants/acme/tenant.yaml:19:14: quota.storage is 1Ti (at most 0 of tier gold in environment production) — lower it, or raise the tier's quota`,
		}},
		// What is not wrong, and worth a word.
		{"open to the world", []edit{
			{acme, "10.9.0.0/24", "0.0.0.0/0"},
			{north, "objectStore: [10.1.0.0/24]", "objectStore: [10.1.0.0/24, \"::/0\"]"},
			{north, "cidrs: [10.1.16.0/20]", "cidrs: [0.0.0.0/0]"},
			{north, "sts: [10.1.2.0/24]", "sts: [0.0.0.0/0]"},
		}, []string{
			`regions/north.yaml:17:44: warning: ::/0 is every address there is — name the ranges that are meant`,
			`regions/north.yaml:29:62: warning: 0.0.0.0/0 is every address there is — name the ranges that are meant`,
			`regions/north.yaml:31:51: warning: 0.0.0.0/0 is every address there is — name the ranges that are meant`,
			`tenants/acme/tenant.yaml:21:32: warning: 0.0.0.0/0 is every address there is — name the ranges that are meant`,
		}},
		{"image without digest", []edit{
			{pins, "digest: sha256:2222222222222222222222222222222222222222222222222222222222222222", "digest: sha256:0000000000000000000000000000000000000000000000000000000000000000\n      unproven: true\n      reason: nobody has built it yet"},
		}, []string{
			`environments/production/images.yaml:10:5: warning: image nvcr.io/nvidia/tritonserver has no digest yet: nobody has built it yet — mlfleet pin production triton nvcr.io/nvidia/tritonserver:2@sha256:…`,
		}},
		{"no pins", []edit{
			{pins, "    inference:\n      image: ghcr.io/mlfleet/inference\n      tag: v1\n      digest: sha256:1111111111111111111111111111111111111111111111111111111111111111\n", ""},
		}, []string{
			`tenants/acme/models/ranker.yaml:6:12: environments/production/images.yaml has no image "inference" — use one of triton`,
			`tenants/acme/models/sentiment.yaml:6:12: environments/production/images.yaml has no image "inference" — use one of triton`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			for _, e := range tc.edits {
				fleettest.Edit(t, inputs, e.file, e.old, e.new)
			}
			var got []string
			for _, f := range findings(t, inputs) {
				got = append(got, f.String())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// The sample fleet breaks no rule; the images that nobody has built yet are all
// that is to be said of it.
func TestSampleFleet(t *testing.T) {
	found := findings(t, fleettest.Copy(t, os.DirFS("../..")))
	if errs := found.Errors(); len(errs) > 0 {
		t.Errorf("the sample fleet breaks rules:\n%v", errs)
	}
	for _, w := range found.Warnings() {
		if !strings.Contains(w.Message, "has no digest yet") {
			t.Errorf("a warning about something else than a pin: %v", w)
		}
	}
}
