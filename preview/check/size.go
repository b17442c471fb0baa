package check

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/gitops-engine/pkg/health"
	synccommon "github.com/argoproj/gitops-engine/pkg/sync/common"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/render"
)

// Limit is the most bytes that etcd takes in one request, and so as one object: 1.5 MiB
// ("System limits", "Request size limit", in etcd's documentation; --max-request-bytes).
const Limit = 1536 << 10

// near is when a size is reported: estimates leave out what people and other controllers
// add (conditions, annotations), and a fleet grows.
func near(limit int) int { return limit * 8 / 10 }

// sizes checks projects and sets. Sizes are those of the JSON that the API server stores
// for custom resources, with an estimate of what Argo CD adds:
//
//   - managedFields: a copy of the field names, which is less than the object itself
//     without the elements of its lists, for lists are atomic there. Counted as the
//     template once more.
//   - status, of Argo CD's own types, filled in as its ApplicationSet controller does
//     (updateResourcesStatus, updateApplicationSetApplicationStatus) when every
//     Application is at its longest.
func sizes(t *argotree.Tree, apps []expand.Application) []finding.Finding {
	var found []finding.Finding
	for _, p := range t.Projects {
		found = append(found, tooLarge(p.Find, "AppProject "+p.Name, bytes(p.AppProject), Limit, "split the project")...)
	}
	made := map[*v1alpha1.ApplicationSet][]expand.Application{}
	for _, a := range apps {
		if a.Set != nil {
			made[a.Set.ApplicationSet] = append(made[a.Set.ApplicationSet], a)
		}
	}
	for _, s := range t.Sets {
		set := *s.ApplicationSet
		set.Status = setStatus(made[s.ApplicationSet])
		size := bytes(set) + bytes(set.Spec.Template)
		found = append(found, tooLarge(s.Find, "ApplicationSet "+s.Name, size, Limit, "spread its elements over several sets")...)
	}
	return found
}

// size checks an Application with the objects that it manages.
func size(app expand.Application, objects []render.Object) []finding.Finding {
	full := *app.Application
	full.Status = appStatus(app, objects)
	return tooLarge(app.Find, fmt.Sprintf("it, with a status of %d objects,", len(objects)), bytes(full), Limit,
		"let it manage fewer objects; a root, fewer tenants (argocd.shards in fleet.yaml)")
}

// objectSizes checks what an Application's path builds to, less the objects that a root
// brings to the hub, which sizes checks with what Argo CD adds. To a ConfigMap and a
// Secret the API server has a limit of its own. Without last-applied annotation, as
// objects are applied by the server's side.
func objectSizes(app expand.Application, objects []render.Object) []finding.Finding {
	var found []finding.Finding
	for _, o := range objects {
		if o.Group == v1alpha1.SchemeGroupVersion.Group {
			continue
		}
		limit := Limit
		if o.Group == "" && (o.Kind == "ConfigMap" || o.Kind == "Secret") {
			limit = corev1.MaxSecretSize
		}
		found = append(found, tooLarge(app.Find, "its "+o.Kind+" "+o.Name, o.Size, limit, "spread it over several objects")...)
	}
	return found
}

func tooLarge(find func(finding.Kind, string, string) finding.Finding, what string, size, limit int, fix string) []finding.Finding {
	if size < near(limit) {
		return nil
	}
	return []finding.Finding{find(finding.TooLarge,
		fmt.Sprintf("%s takes some %d KiB in etcd, of the %d KiB that it can have", what, size>>10, limit>>10), fix)}
}

// bytes is the length of an object's JSON.
func bytes(object any) int {
	data, err := json.Marshal(object)
	if err != nil {
		return 0 // it came from JSON
	}
	return len(data)
}

var (
	// A commit's id, and a moment, of the length that they all have.
	commit = strings.Repeat("0", 40)
	moment = metav1.NewTime(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
)

// setStatus is a set's status with all its Applications.
func setStatus(apps []expand.Application) v1alpha1.ApplicationSetStatus {
	var status v1alpha1.ApplicationSetStatus
	for _, a := range apps {
		status.Resources = append(status.Resources, v1alpha1.ResourceStatus{
			Group: "argoproj.io", Version: "v1alpha1", Kind: "Application",
			Namespace: a.Namespace, Name: a.Name,
			Status: v1alpha1.SyncStatusCodeOutOfSync,
			Health: &v1alpha1.HealthStatus{Status: health.HealthStatusProgressing, LastTransitionTime: &moment},
		})
		if a.Steps() > 0 {
			status.ApplicationStatus = append(status.ApplicationStatus, v1alpha1.ApplicationSetApplicationStatus{
				Application: a.Name, LastTransitionTime: &moment, Status: "Progressing", Step: strconv.Itoa(a.Step()),
				Message:         "Application resource completed a sync successfully, updating status from Pending to Progressing.",
				TargetRevisions: []string{commit},
			})
		}
	}
	return status
}

// defaultHistory is how many syncs Argo CD keeps where revisionHistoryLimit is not set.
const defaultHistory = 10

// appStatus is an Application's status after a sync of all its objects: each is listed
// as a resource and in the result of the sync, and each sync of the history repeats
// the source.
func appStatus(app expand.Application, objects []render.Object) v1alpha1.ApplicationStatus {
	result := &v1alpha1.SyncOperationResult{Source: *app.Spec.Source, Revision: commit}
	status := v1alpha1.ApplicationStatus{
		OperationState: &v1alpha1.OperationState{Phase: synccommon.OperationSucceeded, SyncResult: result, StartedAt: moment, FinishedAt: &moment},
	}
	for _, o := range objects {
		status.Resources = append(status.Resources, v1alpha1.ResourceStatus{
			Group: o.Group, Version: o.Version, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
			Status: v1alpha1.SyncStatusCodeOutOfSync,
			Health: &v1alpha1.HealthStatus{Status: health.HealthStatusProgressing},
		})
		result.Resources = append(result.Resources, &v1alpha1.ResourceResult{
			Group: o.Group, Version: o.Version, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
			Status: synccommon.ResultCodeSynced, Message: o.Name + " serverside-applied",
			HookPhase: synccommon.OperationRunning, SyncPhase: synccommon.SyncPhaseSync,
		})
	}
	history := defaultHistory
	if limit := app.Spec.RevisionHistoryLimit; limit != nil {
		history = int(min(*limit, 1000))
	}
	for range history {
		status.History = append(status.History, v1alpha1.RevisionHistory{
			Revision: commit, DeployedAt: moment, DeployStartedAt: &moment, Source: *app.Spec.Source,
		})
	}
	return status
}
