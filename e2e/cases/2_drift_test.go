package cases

import (
	"context"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mlfleet/mlfleet/e2e/waiting"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// drift changes objects by hand in every cluster, behind Git's back. In guardrails and in
// models without rolling sync Argo CD must put it right (heals); in models with rolling
// sync it must say so and do nothing. It gives the number of changes.
func drift(t *testing.T, heals bool) int {
	count := 0
	for _, c := range the.Clusters {
		rolling := c.Inputs.Environment == "production"
		tenants, err := the.Tenants(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		tenant := tenants[0]
		ctx := testContext(t)
		if heals {
			if err := healsQuota(ctx, c, tenant); err != nil {
				t.Error(err)
			}
			if err := healsPolicy(ctx, c, tenant); err != nil {
				t.Error(err)
			}
			count += 2
		}
		if heals == rolling {
			continue
		}
		count++
		if heals {
			err = healsModel(ctx, c, tenant)
		} else {
			err = reports(ctx, c, tenant)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return count
}

// healsQuota gives a tenant more pods than it was granted.
func healsQuota(ctx context.Context, c *world.Cluster, tenant world.Tenant) error {
	quotas := c.Client.CoreV1().ResourceQuotas(tenant.Namespace())
	before, err := quotas.Get(ctx, "grant", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if _, err := quotas.Patch(ctx, "grant", types.MergePatchType, []byte(`{"spec":{"hard":{"pods":"12345"}}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	return waiting.Until(ctx, "Argo CD to mend the quota of "+tenant.Name+" in "+c.Name, func(ctx context.Context) (string, error) {
		now, err := quotas.Get(ctx, "grant", metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		if !now.Spec.Hard.Pods().Equal(*before.Spec.Hard.Pods()) {
			return fmt.Sprintf("pods: %s", now.Spec.Hard.Pods()), nil
		}
		return "", nil
	})
}

// healsPolicy deletes the policy that closes a tenant's network.
func healsPolicy(ctx context.Context, c *world.Cluster, tenant world.Tenant) error {
	policies := c.Client.NetworkingV1().NetworkPolicies(tenant.Namespace())
	if err := policies.Delete(ctx, "default-deny", metav1.DeleteOptions{}); err != nil {
		return err
	}
	return waiting.Until(ctx, "Argo CD to put back the network policy of "+tenant.Name+" in "+c.Name, func(ctx context.Context) (string, error) {
		_, err := policies.Get(ctx, "default-deny", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return "it is not there", nil
		}
		return "", err
	})
}

// edited is a setting of a model that a person changes by hand.
type edited struct {
	cluster   *world.Cluster
	namespace string
	model     string
	before    string
}

const setting = "MAX_QUEUE_DELAY"

// edit changes a setting of the tenant's first model.
func edit(ctx context.Context, c *world.Cluster, tenant world.Tenant) (edited, error) {
	models, err := the.Models(c.Name, tenant.Name)
	if err != nil {
		return edited{}, err
	}
	e := edited{cluster: c, namespace: tenant.Namespace(), model: models[0]}
	if e.before, err = e.now(ctx); err != nil {
		return e, err
	}
	return e, e.set(ctx, "999ms")
}

func (e edited) now(ctx context.Context) (string, error) {
	m, err := e.cluster.Client.CoreV1().ConfigMaps(e.namespace).Get(ctx, e.model, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return m.Data[setting], nil
}

func (e edited) set(ctx context.Context, value string) error {
	patch := fmt.Appendf(nil, `{"data":{%q:%q}}`, setting, value)
	_, err := e.cluster.Client.CoreV1().ConfigMaps(e.namespace).Patch(ctx, e.model, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// healsModel changes a model's setting where Argo CD heals.
func healsModel(ctx context.Context, c *world.Cluster, tenant world.Tenant) error {
	e, err := edit(ctx, c, tenant)
	if err != nil {
		return err
	}
	return waiting.Until(ctx, "Argo CD to mend "+e.model+" in "+c.Name, func(ctx context.Context) (string, error) {
		now, err := e.now(ctx)
		if err == nil && now != e.before {
			return setting + " is " + now, nil
		}
		return "", err
	})
}

// reports changes a model's setting where Argo CD rolls changes out: it must say that the
// Application is out of sync, and sync nothing. Then it undoes the change.
func reports(ctx context.Context, c *world.Cluster, tenant world.Tenant) error {
	name := tenant.Name + ".models." + c.Name
	recorder, err := the.Argo.Record(ctx)
	if err != nil {
		return err
	}
	e, err := edit(ctx, c, tenant)
	if err != nil {
		return err
	}
	if err := status(ctx, name, "OutOfSync"); err != nil {
		return err
	}
	// Having been told to look once more, Argo CD has had every occasion to heal.
	if err := the.Argo.RefreshOne(ctx, name); err != nil {
		return err
	}
	if err := looked(ctx, name); err != nil {
		return err
	}
	if now, err := e.now(ctx); err != nil || now == e.before {
		return fmt.Errorf("%s has been healed, which docs/operations.md says a rolling sync does not (%v)", name, err)
	}
	syncs, err := recorder.Stop()
	if err != nil {
		return err
	}
	for _, s := range syncs {
		if s.Application == name {
			return fmt.Errorf("%s was synced: %v", name, s)
		}
	}
	if err := e.set(ctx, e.before); err != nil {
		return err
	}
	return status(ctx, name, "Synced")
}

// looked waits until Argo CD has compared an Application as RefreshOne asked.
func looked(ctx context.Context, name string) error {
	return waiting.Until(ctx, "Argo CD to look at "+name, func(ctx context.Context) (string, error) {
		a, err := the.Argo.Get(ctx, name)
		if err == nil && !a.Refreshed() {
			return a.String(), nil
		}
		return "", err
	})
}

// status waits until an Application has a sync status.
func status(ctx context.Context, name, want string) error {
	return waiting.Until(ctx, name+" to be "+want, func(ctx context.Context) (string, error) {
		a, err := the.Argo.Get(ctx, name)
		if err == nil && a.Status.Sync.Status != want {
			return a.String(), nil
		}
		return "", err
	})
}
