package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/check"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/place"
)

const south = "regions/south.yaml"

// opened is the small fleet with a way in from the internet into the production
// clusters, a name for both, and sentiment public there.
func opened(expose string) []edit {
	const public = ", tls: {issuer: letsencrypt}, public: {healthCheck: "
	return []edit{
		{north, "namespace: gateway}", "namespace: gateway" + public + northCheck + "}}"},
		{south, "namespace: gateway}", "namespace: gateway" + public + southCheck + "}}"},
		{production, "  limits:", "  traffic: {domain: ml.fleet.example}\n  limits:"},
		{acme, "  allow:\n", "  allow:\n    public: true\n"},
		{sentiment, "  expose: {hostname: sentiment}\n", "  placement: {environments: [production]}\n  expose: {hostname: sentiment, " + expose + "}\n"},
	}
}

// The health checks of the ways in, and a CloudFront distribution before one of them.
const (
	northCheck = "1c7e4a9b-0d2f-4f6a-b3c8-7e5d9a1f2b04"
	southCheck = "8f1b6d0e-3a52-4c1e-9a64-5d1c2f7e90ab"
	cloudFront = ", cloudFront: {domain: d111111abcdef8.cloudfront.net, prefixList: pl-3b927c52, header: x-distribution, value: E2QWRUHAPOMQZL}"
)

// override is another expose of sentiment in a cluster.
func override(cluster, expose string) edit {
	return edit{sentiment, "  placement: {environments: [production]}\n", "  placement: {environments: [production]}\n  overrides:\n  - match: {cluster: " + cluster + "}\n    expose: {" + expose + "}\n"}
}

// canary is sentiment with one.
const canary = "  expose: {hostname: sentiment}\n  canary:\n    version: \"4\"\n    artifact: {uri: \"s3://acme-models/sentiment/4\", sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n    weight: "

// Every rule about requests and their ways: what breaks it, and all that is said of
// it then.
func TestTrafficRules(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edits []edit
		want  []string
	}{
		{name: "public in two regions", edits: opened("public: true")},
		{name: "failover", edits: opened("public: true, dns: {policy: failover, primary: south, secondary: north}")},
		{name: "weighted", edits: opened("public: true, dns: {policy: weighted, weights: {south: 1, north: 0}}")},
		{"public without the grant", slices.Delete(opened("public: true"), 3, 4), []string{
			`tenants/acme/models/sentiment.yaml:14:41: tenant acme has no grant for public models (tenants/acme/tenant.yaml lacks allow: {public: true}) — remove it, or ask the platform team for the grant`,
		}},
		{"public where the internet has no way in", slices.Delete(opened("public: true"), 1, 2), []string{
			`tenants/acme/models/sentiment.yaml:14:41: no way in from the internet leads to cluster south-production (regions/south.yaml has no ingress.public for it) — ask the platform team to add it, or override public for it with false`,
		}},
		{"sticky behind a gateway that cannot", append(opened("sticky: 1h"), edit{south, "namespace: gateway, tls", "namespace: gateway, class: envoy, tls"}), []string{
			`tenants/acme/models/sentiment.yaml:14:41: the gateway of cluster south-production keeps no client at its replica (its ingress.class in regions/south.yaml is envoy; Istio's gateways do, and load balancers) — remove sticky`,
		}},
		// Hostnames.
		{"hostname of a load balancer", []edit{{sentiment, "hostname: sentiment", "hostname: public"}}, []string{
			`tenants/acme/models/sentiment.yaml:13:22: hostname "public" is taken (it is the name of a load balancer of cluster north-production) — choose another`,
		}},
		{"hostname of a cluster", append(opened("public: true"),
			edit{production, "domain: ml.fleet.example", "domain: fleet.example"},
			edit{sentiment, "hostname: sentiment", "hostname: south"}), []string{
			`tenants/acme/models/sentiment.yaml:14:22: hostname "south" is taken (it is the ingress hostname of cluster south-production) — choose another`,
		}},
		{"hostname taken in another region", append(opened("public: true"),
			edit{sentiment, "environments: [production]", "environments: [production], regions: [south]"},
			edit{borealis, "  quota:\n", "  allow: {public: true}\n  quota:\n"},
			edit{fraud, "hostname: fraud", "hostname: sentiment, public: true"}), []string{
			`tenants/borealis/models/fraud.yaml:13:22: hostname "sentiment" is taken (model sentiment of tenant acme claims it at tenants/acme/models/sentiment.yaml:14:22) — choose another`,
		}},
		{"hostname of another cluster", []edit{{south, "hostname: south.fleet.example", "hostname: north.fleet.example"}}, []string{
			`regions/south.yaml:15:25: ingress.hostname "north.fleet.example" is taken (it is the ingress hostname of cluster north-production) — choose another`,
		}},
		{"hostname of an environment", append(opened("public: true"), edit{production, "domain: ml.fleet.example", "domain: south.fleet.example"}), []string{
			`regions/south.yaml:15:25: ingress.hostname "south.fleet.example" is taken (it is the domain of environment production) — choose another`,
		}},
		{"hostname of another cluster's load balancer", []edit{{north, "hostname: north.fleet.example", "hostname: public.south.fleet.example"}}, []string{
			`regions/south.yaml:15:25: the load balancer's name "public.south.fleet.example" is taken (it is the ingress hostname of cluster north-production) — choose another`,
		}},
		{"domain of another environment", append(opened("public: true"), edit{staging, "  limits:", "  traffic: {domain: ml.fleet.example}\n  limits:"}), []string{
			`environments/staging/environment.yaml:6:21: traffic.domain "ml.fleet.example" is taken (it is the domain of environment production) — choose another`,
		}},
		{"certificate of another region", []edit{{north, "cidrs: [10.1.16.0/20]}", "cidrs: [10.1.16.0/20], tls: {certificate: \"arn:aws:acm:eu-west-1:444455556666:certificate/c9e2f6b3-5d4a-4b87-8f15-2a3e7d8c9b46\"}, public: {waf: \"arn:aws:wafv2:eu-north-1:444455556666:regional/webacl/models/e4b8a1d7-92c3-4f05-a6de-3b7c5f0198aa\"}}"}}, []string{
			`regions/north.yaml:29:96: the certificate is of region eu-west-1 and account 444455556666 (cluster north-staging is in region eu-north-1 and account 444455556666, and its load balancers take no other's) — name one from there`,
		}},
		{"web ACL of another account", []edit{{north, "cidrs: [10.1.16.0/20]}", "cidrs: [10.1.16.0/20], tls: {certificate: \"arn:aws:acm:eu-north-1:444455556666:certificate/c9e2f6b3-5d4a-4b87-8f15-2a3e7d8c9b46\"}, public: {waf: \"arn:aws:wafv2:eu-north-1:111122223333:regional/webacl/models/e4b8a1d7-92c3-4f05-a6de-3b7c5f0198aa\"}}"}}, []string{
			`regions/north.yaml:29:199: the web ACL is of region eu-north-1 and account 111122223333 (cluster north-staging is in region eu-north-1 and account 444455556666, and its load balancers take no other's) — name one from there`,
		}},
		{"certificate and web ACL of its own", []edit{{north, "cidrs: [10.1.16.0/20]}", "cidrs: [10.1.16.0/20], tls: {certificate: \"arn:aws:acm:eu-north-1:444455556666:certificate/c9e2f6b3-5d4a-4b87-8f15-2a3e7d8c9b46\"}, public: {waf: \"arn:aws:wafv2:eu-north-1:444455556666:regional/webacl/models/e4b8a1d7-92c3-4f05-a6de-3b7c5f0198aa\"}}"}}, []string{}},
		// Names in several regions.
		{"another policy in a region", append(opened("public: true"), override("north-production", "hostname: sentiment, dns: {policy: weighted, weights: {north: 1, south: 1}}")), []string{
			`tenants/acme/models/sentiment.yaml:16:40: model sentiment has another dns in cluster north-production than in cluster south-production (sentiment.ml.fleet.example leads to both, by one policy) — say the same in every region`,
		}},
		{"other weights in a region", append(opened("public: true, dns: {policy: weighted, weights: {south: 1, north: 1}}"), override("south-production", "hostname: sentiment, dns: {policy: weighted, weights: {south: 2}}")), []string{
			`tenants/acme/models/sentiment.yaml:16:40: model sentiment has another dns in cluster south-production than in cluster north-production (sentiment.ml.fleet.example leads to both, by one policy) — say the same in every region`,
		}},
		{"failover to another name", append(opened("public: true, dns: {policy: failover, primary: north, secondary: south}"), override("north-production", "hostname: sentiment2")), []string{
			`tenants/acme/models/sentiment.yaml:16:24: model sentiment is called sentiment2 in cluster north-production, and sentiment in cluster south-production (policy failover chooses between the regions of one name) — give it one hostname in all regions, or use policy latency`,
		}},
		{name: "a name a region", edits: append(opened("public: true"), override("north-production", "hostname: sentiment2"))},
		{"weights of nothing", opened("public: true, dns: {policy: weighted, weights: {south: 0, north: 0}}"), []string{
			`tenants/acme/models/sentiment.yaml:14:80: every weight is 0 (Route 53 then sends everybody everywhere, by equal shares) — give a region more`,
		}},
		{"behind two distributions", append(opened("public: true"),
			edit{north, northCheck, northCheck + strings.Replace(cloudFront, "d111111abcdef8", "d222222abcdef8", 1)},
			edit{south, southCheck, southCheck + cloudFront}), []string{
			`tenants/acme/models/sentiment.yaml:14:41: model sentiment is public behind two CloudFront distributions, those of clusters north-production and south-production (only one of them can answer to sentiment.ml.fleet.example) — leave one cluster out with placement or an override, or ask the platform team for one distribution before both`,
		}},
		{name: "behind one distribution", edits: append(opened("public: true"),
			edit{north, northCheck, northCheck + cloudFront},
			edit{south, southCheck, southCheck + cloudFront})},
		{"one health check for two ways in", append(opened("public: true"), edit{south, southCheck, northCheck}), []string{
			`regions/south.yaml:15:116: cluster south-production has the health check of cluster north-production (a health check tells of one way in) — give it one of its own`,
		}},
		{"failover with one region", append(opened("public: true, dns: {policy: failover, primary: south, secondary: north}"),
			edit{sentiment, "environments: [production]", "environments: [production], regions: [south]"}), []string{
			`tenants/acme/models/sentiment.yaml:14:61: model sentiment has one region, and nowhere to fail over to (in environment production it is public in south) — place it in a second region, or use policy latency`,
		}},
		{"failover to itself", opened("public: true, dns: {policy: failover, primary: south, secondary: south}"), []string{
			`tenants/acme/models/sentiment.yaml:14:98: the secondary region is the primary one (in environment production it is public in north, south) — name another`,
		}},
		{"failover to where it is not", opened("public: true, dns: {policy: failover, primary: south, secondary: west}"), []string{
			`tenants/acme/models/sentiment.yaml:14:98: model sentiment does not run in region west (in environment production it is public in north, south) — name a region that it runs in`,
		}},
		{"failover without a health check", append(opened("public: true, dns: {policy: failover, primary: south, secondary: north}"),
			edit{south, "public: {healthCheck: " + southCheck + "}", "public: {}"}), []string{
			`tenants/acme/models/sentiment.yaml:14:80: nothing tells when cluster south-production is down (regions/south.yaml has no ingress.public.healthCheck for it) — ask the platform team to add one`,
		}},
		{"weights of other regions", opened("public: true, dns: {policy: weighted, weights: {south: 1, west: 1}}"), []string{
			`tenants/acme/models/sentiment.yaml:14:80: there is no weight for region north (in environment production it is public in north, south) — give it one; 0 sends nobody there`,
			`tenants/acme/models/sentiment.yaml:14:97: model sentiment does not run in region west (in environment production it is public in north, south) — remove its weight`,
		}},
		{"regions chosen between for nobody", opened("dns: {policy: latency}"), []string{
			`tenants/acme/models/sentiment.yaml:14:38: model sentiment has no name that leads to several regions (a model has one where it is public, in environments with a traffic.domain) — add public: true, or remove dns`,
		}},
		{"two clusters of a region", append(opened("public: true"),
			edit{south, "name: south-staging\n", "name: south-production-2\n"},
			edit{south, "environment: staging", "environment: production"},
			edit{south, "cidrs: [10.2.16.0/20]}", "namespace: gateway, tls: {issuer: le}, public: {}}"},
			edit{south, "maxNodes: 4, capacityTypes: [spot]", "maxNodes: 4, capacityTypes: [on-demand]"}), []string{
			`tenants/acme/models/sentiment.yaml:14:41: model sentiment is public in two clusters of region south, south-production and south-production-2 (one name leads to one cluster of a region) — leave one out with placement or an override`,
		}},
		// Istio's own objects.
		{"Istio without its gateway", []edit{{staging, "  limits:", "  traffic: {routing: istio}\n  limits:"}}, []string{
			`regions/north.yaml:29:61: cluster north-staging has no gateway (environment staging chose routing: istio) — name the namespace of Istio's gateway instead of cidrs`,
			`regions/south.yaml:29:61: cluster south-staging has no gateway (environment staging chose routing: istio) — name the namespace of Istio's gateway instead of cidrs`,
		}},
		{"a class for Istio", []edit{
			{production, "  limits:", "  traffic: {routing: istio}\n  limits:"},
			{north, "namespace: gateway}", "namespace: gateway, class: envoy}"},
		}, []string{
			`regions/north.yaml:15:73: a GatewayClass is the Gateway API's (environment production chose routing: istio) — remove it`,
		}},
		// Canaries.
		{name: "canary", edits: []edit{{sentiment, "  expose: {hostname: sentiment}\n", canary + "50\n"}}},
		{"canary counts in the quota", []edit{
			{sentiment, "  expose: {hostname: sentiment}\n", canary + "50\n"},
			{acme, "gpus: 8", "gpus: 4"},
		}, []string{
			`tenants/acme/tenant.yaml:14:11: quota.gpus is 4, but the fewest replicas and a rolling update need 5 in cluster north-production (at least sentiment 3×1 + sentiment-canary 2×1) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"canary by CloudFront's header", append(opened("public: true"),
			edit{south, southCheck, southCheck + cloudFront},
			edit{sentiment, "public: true}\n", "public: true}\n" + strings.TrimPrefix(canary, "  expose: {hostname: sentiment}\n") + "50\n    header: x-distribution\n"}), []string{
			`tenants/acme/models/sentiment.yaml:19:13: header x-distribution is the one by which cluster south-production knows what comes through CloudFront (a request has it once; regions/south.yaml has it below ingress.public.cloudFront) — choose another`,
		}},
		{"canary of another model's name", []edit{
			{sentiment, "  expose: {hostname: sentiment}\n", canary + "50\n  placement: {environments: [staging]}\n"},
			{"tenants/acme/models/sentiment-canary.yaml", "", "apiVersion: mlfleet.dev/v1alpha1\nkind: Model\nmetadata: {name: sentiment-canary}\nspec:\n  version: \"1\"\n  runtime: onnx\n  artifact: {uri: \"s3://acme-models/x/1\", sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n  gpu: none\n  resources: {cpu: \"1\", memory: 1Gi}\n  replicas: {min: 1, max: 1}\n"},
		}, []string{
			`tenants/acme/models/sentiment.yaml:15:5: the canary of model sentiment would be called sentiment-canary, as another model of the tenant is — rename that model`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			for _, e := range tc.edits {
				if e.old == "" {
					fleettest.Add(inputs, e.file, e.new)
					continue
				}
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

// What is missing because of a mistake is no second mistake: one finding, where it is.
func TestWhatIsMissingIsReportedOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		dns   string
		edits []edit
		want  string // beginning of the only finding
	}{
		{"a region, with failover", "policy: failover, primary: south, secondary: north", []edit{{south, "maxNodes: 10,", "maxNodes: 0,"}},
			"regions/south.yaml:19:83: spec.clusters[0].gpuPools[0].maxNodes is 0"},
		{"a region, with weights", "policy: weighted, weights: {south: 1, north: 1}", []edit{{south, "account: \"111122223333\"", "account: 111122223333"}},
			"regions/south.yaml:12:14: spec.clusters[0].account is 111122223333"},
		{"a cluster", "policy: failover, primary: south, secondary: north", []edit{
			{south, "environment: production\n", "environment: prod\n"}, {south, "name: south-production\n", "name: south-prod\n"},
			{production, "canaryRegion: south", "canaryRegion: north"},
		}, `regions/south.yaml:9:18: there is no environment "prod"`},
		{"an environment", "policy: latency", []edit{{production, "replicas: 20,", "replicas: 6000,"}},
			"environments/production/environment.yaml:7:22: spec.limits.replicas is 6000"},
		{"a model", "policy: latency", []edit{
			{sentiment, "  placement: {environments: [production]}\n", "  placement: {environments: [production]}\n  overrides:\n  - {match: {environment: production}, replicas: {max: 1}}\n"},
		}, "tenants/acme/models/sentiment.yaml:15:56: spec.replicas.max is 1"},
		{"a model in a cluster", "policy: failover, primary: south, secondary: north", []edit{
			{sentiment, "  placement: {environments: [production]}\n", "  placement: {environments: [production]}\n  overrides:\n  - {match: {cluster: south-production}, replicas: {max: 1}}\n"},
		}, "tenants/acme/models/sentiment.yaml:15:58: spec.replicas.max is 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			for _, e := range append(opened("public: true, dns: {"+tc.dns+"}"), tc.edits...) {
				fleettest.Edit(t, inputs, e.file, e.old, e.new)
			}
			docs, err := load.Read(inputs)
			if err != nil {
				t.Fatal(err)
			}
			f, found, err := place.Fleet(docs)
			if err != nil {
				t.Fatal(err)
			}
			all := slices.Concat(docs.Findings, found, check.Fleet(f)).Sorted()
			if len(all) != 1 || !strings.HasPrefix(all[0].String(), tc.want) {
				t.Errorf("got\n%v\nwant one, %s…", all, tc.want)
			}
		})
	}
}
