package cases

import (
	"sync"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/world"
)

// TestTenancy is case 3: what keeps tenants apart, asked of those who decide: the API
// servers' authorizer and admission, and Argo CD's projects.
func TestTenancy(t *testing.T) {
	row := the.table.begin(t, "3 tenancy")
	synced(t)
	t.Run("access", func(t *testing.T) { row.figure("%d access reviews", accessReviews(t)) })
	t.Run("pods", func(t *testing.T) { row.figure("%d pods judged by Pod Security", podSecurity(t)) })
	t.Run("quota", func(t *testing.T) { row.figure("%d requests judged by quotas", quotas(t)) })
	t.Run("policies", func(t *testing.T) { row.figure("%d Deployments judged by admission policies", admissionPolicies(t)) })
	t.Run("projects", func(t *testing.T) { row.figure("%d Applications refused by their project", projects(t)) })
}

// eachCluster runs a check in all clusters at once, and adds up what they counted.
func eachCluster(t *testing.T, check func(t *testing.T, c *world.Cluster, tenants []world.Tenant) int) int {
	t.Helper()
	counts := make([]int, len(the.Clusters))
	var all sync.WaitGroup
	for i, c := range the.Clusters {
		tenants, err := the.Tenants(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() { counts[i] = check(t, c, tenants) })
	}
	all.Wait()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
