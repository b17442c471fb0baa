package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/fleet"
	"github.com/mlfleet/mlfleet/e2e/waiting"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// removedTenant removes the tenant that newTenant added from Git, first from one
// environment, then from the fleet: everything of it must stay. Then it follows "Remove a
// tenant for good" of docs/operations.md, step by step, and everything must go, the
// namespace only after somebody has confirmed it.
func removedTenant(t *testing.T) string {
	ctx := testContext(t)
	described, err := the.Described(newcomer)
	if err != nil {
		t.Fatal(err)
	}
	if len(described) == 0 {
		t.Fatal("there is no new tenant to remove: run the whole case")
	}
	before, err := world.Identify(ctx, described)
	if err != nil {
		t.Fatal(err)
	}
	applications, err := the.Argo.List(ctx, "mlfleet.dev/tenant="+newcomer)
	if err != nil {
		t.Fatal(err)
	}
	if err := removeFromGit(ctx, applications); err != nil {
		t.Fatal(err)
	}
	after, err := world.Identify(ctx, described)
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Differ(before); err != nil {
		t.Fatal(err)
	}

	if err := removeForGood(ctx); err != nil {
		t.Fatal(err)
	}
	for c, manifests := range described {
		for _, m := range manifests {
			if live, err := c.Live(ctx, m); !apierrors.IsNotFound(err) {
				t.Errorf("%s %s is still in %s: %v, %v", m.GetKind(), m.GetName(), c.Name, live, err)
			}
		}
	}
	if err := the.Converged(ctx); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("its %d objects stayed until removed by hand and confirmed", len(before))
}

// removeFromGit commits the two removals, and waits each time until Argo CD has seen it:
// the root calls sets superfluous, and the Applications miss their paths.
func removeFromGit(ctx context.Context, applications []*argocd.Application) error {
	staging := slices.DeleteFunc(slices.Clone(applications), func(a *argocd.Application) bool {
		return a.Metadata.Labels["mlfleet.dev/environment"] != "staging"
	})
	leave := func(d fleet.Document) { d.At("spec", "placement")["environments"] = []any{"production"} }
	if err := the.Fleet.Edit("tenants/"+newcomer+"/tenant.yaml", leave); err != nil {
		return err
	}
	if err := gone(ctx, newcomer+" leaves staging", staging); err != nil {
		return err
	}
	if err := the.Fleet.Remove("tenants/" + newcomer); err != nil {
		return err
	}
	return gone(ctx, "Remove tenant "+newcomer, applications)
}

// gone commits, and waits until the root has seen the commit and these Applications miss
// their paths.
func gone(ctx context.Context, message string, applications []*argocd.Application) error {
	if err := the.Commit(ctx, message); err != nil {
		return err
	}
	if err := the.Argo.Refresh(ctx); err != nil {
		return err
	}
	if err := waiting.Until(ctx, "the root to see what is gone", rootSees); err != nil {
		return err
	}
	for _, a := range applications {
		err := waiting.Until(ctx, a.Metadata.Name+" to miss its path", func(ctx context.Context) (string, error) {
			now, err := the.Argo.Get(ctx, a.Metadata.Name)
			switch {
			case apierrors.IsNotFound(err):
				return "", waiting.Hopeless(fmt.Errorf("Argo CD has deleted it: %w", err))
			case err != nil:
				return "", err
			case !strings.Contains(now.String(), "app path does not exist") && !strings.Contains(now.String(), "do not match any of the allowed destinations"):
				return now.String(), nil
			}
			return "", nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rootSees says whether a root has looked at the last commit, calls objects superfluous, and
// is not at work: a sync of the commit before would make a set again that somebody deletes.
func rootSees(ctx context.Context) (string, error) {
	roots, err := the.Argo.List(ctx, "mlfleet.dev/component=root")
	if err != nil {
		return "", err
	}
	var states []string
	for _, r := range roots {
		atWork := r.Status.Operation != nil && r.Status.Operation.Phase == "Running"
		if r.Status.Sync.Status == "OutOfSync" && r.Status.Sync.Revision == the.Revision && !atWork {
			return "", nil
		}
		states = append(states, r.String())
	}
	return strings.Join(states, "; "), nil
}

// removeForGood does what docs/operations.md says, by the API calls that the commands of
// argocd and kubectl make.
func removeForGood(ctx context.Context) error {
	sets := the.Argo.Resource(argocd.ApplicationSets)
	ofTenant := metav1.ListOptions{LabelSelector: "mlfleet.dev/tenant=" + newcomer}
	background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	// Step 2: the sets. Their Applications must stay.
	before, err := the.Argo.List(ctx, ofTenant.LabelSelector)
	if err != nil {
		return err
	}
	if err := sets.DeleteCollection(ctx, background, ofTenant); err != nil {
		return err
	}
	if err := waiting.Until(ctx, "the sets to go", func(ctx context.Context) (string, error) {
		left, err := sets.List(ctx, ofTenant)
		if err != nil || len(left.Items) == 0 {
			return "", err
		}
		return fmt.Sprintf("%d are left", len(left.Items)), nil
	}); err != nil {
		return err
	}
	after, err := the.Argo.List(ctx, ofTenant.LabelSelector)
	if err != nil {
		return err
	}
	if len(after) != len(before) {
		return fmt.Errorf("with the sets went %d of %d Applications", len(before)-len(after), len(before))
	}
	// The models, then step 3: the fence, which waits for a confirmation.
	for _, component := range []string{"models", "guardrails"} {
		for _, a := range after {
			if a.Metadata.Labels["mlfleet.dev/component"] == component {
				if err := removeApplication(ctx, a, component == "guardrails"); err != nil {
					return err
				}
			}
		}
	}
	// Step 4: the project.
	if err := the.Argo.Resource(argocd.AppProjects).Delete(ctx, "tenant-"+newcomer, background); err != nil {
		return err
	}
	return waiting.Until(ctx, "the project to go", func(ctx context.Context) (string, error) {
		_, err := the.Argo.Resource(argocd.AppProjects).Get(ctx, "tenant-"+newcomer, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return "", nil
		}
		return "it is there", err
	})
}

// removeApplication is "argocd app terminate-op" where an operation is running, "argocd app
// delete --cascade --propagation-policy background", and "argocd app confirm-deletion" after
// it where that is needed.
func removeApplication(ctx context.Context, a *argocd.Application, confirm bool) error {
	applications, name := the.Argo.Resource(argocd.Applications), a.Metadata.Name
	if err := terminateOperation(ctx, name); err != nil {
		return err
	}
	finalizer := []byte(`{"metadata":{"finalizers":["resources-finalizer.argocd.argoproj.io/background"]}}`)
	if _, err := applications.Patch(ctx, name, types.MergePatchType, finalizer, metav1.PatchOptions{}); err != nil {
		return err
	}
	if err := applications.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	if confirm {
		if err := unconfirmed(ctx, a); err != nil {
			return err
		}
		approval := fmt.Appendf(nil, `{"metadata":{"annotations":{"argocd.argoproj.io/deletion-approved":%q}}}`, time.Now().UTC().Format(time.RFC3339))
		if _, err := applications.Patch(ctx, name, types.MergePatchType, approval, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return waiting.Until(ctx, "Application "+name+" to go", func(ctx context.Context) (string, error) {
		now, err := the.Argo.Get(ctx, name)
		if apierrors.IsNotFound(err) {
			return "", nil
		} else if err != nil {
			return "", err
		}
		return now.String(), nil
	})
}

// terminateOperation ends a sync that looks for the path that is gone, again and again:
// Argo CD deletes nothing before it has ended. As Argo CD's server does it, it writes to the
// Application that was read: a word to an operation that has ended meanwhile would stay.
func terminateOperation(ctx context.Context, name string) error {
	return waiting.Until(ctx, "the sync of "+name+" to end", func(ctx context.Context) (string, error) {
		now, err := the.Argo.Get(ctx, name)
		if err != nil || now.Pending == nil || now.Status.Operation == nil {
			return "", err
		}
		terminating := fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q},"status":{"operationState":{"phase":"Terminating"}}}`, now.Metadata.ResourceVersion)
		_, err = the.Argo.Resource(argocd.Applications).Patch(ctx, name, types.MergePatchType, terminating, metav1.PatchOptions{})
		if apierrors.IsConflict(err) {
			err = nil
		}
		return now.String(), err
	})
}

// unconfirmed waits until Argo CD has come to delete the objects of a fence and asks for a
// confirmation instead, which only its log tells; everything must still be there.
func unconfirmed(ctx context.Context, a *argocd.Application) error {
	err := waiting.Until(ctx, "Argo CD to ask whether "+a.Metadata.Name+" may go", func(ctx context.Context) (string, error) {
		if _, err := the.Argo.Get(ctx, a.Metadata.Name); apierrors.IsNotFound(err) {
			return "", waiting.Hopeless(errors.New("it is gone, and nobody was asked"))
		}
		log, err := os.ReadFile(the.Argo.ApplicationController.LogFile())
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "requires manual confirmation to delete") && strings.Contains(line, a.Metadata.Name) {
				return "", nil
			}
		}
		return "it has not", nil
	})
	if err != nil {
		return err
	}
	c, ok := the.Cluster(a.Spec.Destination.Name)
	if !ok {
		return fmt.Errorf("%s is for the unknown cluster %s", a.Metadata.Name, a.Spec.Destination.Name)
	}
	namespace, err := c.Client.CoreV1().Namespaces().Get(ctx, a.Spec.Destination.Namespace, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if namespace.DeletionTimestamp != nil {
		return fmt.Errorf("namespace %s in %s is being deleted although nobody has confirmed it", namespace.Name, c.Name)
	}
	return nil
}
