package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
)

// A load balancer's room is shared by all tenants: in north-staging, which has one that
// reaches pods by itself, acme's sentiment takes a target group and two rules.
func TestLoadBalancersHaveRoom(t *testing.T) {
	for _, tc := range []struct {
		name   string
		models int // of another tenant, each like it
		want   []string
	}{
		{name: "all rules", models: 49},
		{"a rule too many", 50, []string{
			`tenants/zeta/models/m049.yaml:11:11: warning: cluster north-staging's internal load balancer has room for 100 rules, and with model m049 the fleet's models take 102 (m049 takes 2; AWS allows more to an account that asks) — ask the platform team whether it did, or leave this cluster out with placement`,
		}},
		{"a target group too many", 100, []string{
			`tenants/zeta/models/m049.yaml:11:11: warning: cluster north-staging's internal load balancer has room for 100 rules, and with model m049 the fleet's models take 102 (m049 takes 2; AWS allows more to an account that asks) — ask the platform team whether it did, or leave this cluster out with placement`,
			`tenants/zeta/models/m099.yaml:11:11: cluster north-staging's internal load balancer has room for 100 target groups, and with model m099 the fleet's models take 101 (m099 takes 1, one for the model and one for a canary; AWS allows no more to anybody) — leave this cluster out with placement, or ask the platform team for a gateway there`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			fleettest.Edit(t, inputs, staging, "priority: 200\n      models: 10\n", "priority: 200\n      models: 200\n")
			fleettest.Add(inputs, "tenants/zeta/tenant.yaml", zeta)
			for i := range tc.models {
				name := fmt.Sprintf("m%03d", i)
				fleettest.Add(inputs, "tenants/zeta/models/"+name+".yaml", small(name))
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

const zeta = `apiVersion: mlfleet.dev/v1alpha1
kind: Tenant
metadata: {name: zeta}
spec:
  displayName: Zeta
  costCenter: zeta-1
  owners:
  - {group: zeta-ml, contact: ml@zeta.example}
  tier: gold
  placement: {environments: [staging], regions: [north]}
  quota: {cpu: "40", memory: 100Gi}
`

// small is an exposed model that asks for next to nothing.
func small(name string) string {
	return `apiVersion: mlfleet.dev/v1alpha1
kind: Model
metadata: {name: ` + name + `}
spec:
  version: "1"
  runtime: onnx
  artifact: {uri: "s3://zeta-models/x/1", sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}
  gpu: none
  resources: {cpu: 100m, memory: 256Mi}
  replicas: {min: 1, max: 1}
  expose: {hostname: ` + name + `}
`
}
