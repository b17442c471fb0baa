package observing

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// What Grafana's sidecar (kiwigrid/k8s-sidecar, as kube-prometheus-stack sets it up) finds
// dashboards by, and the annotation for the folder to put them in.
const (
	dashboardLabel  = "grafana_dashboard"
	dashboardFolder = "grafana_folder"
)

// Variables of the dashboard.
const (
	datasourceVariable = "datasource"
	modelVariable      = "model"
)

// Dashboard shows all of a tenant's models, or those that one chooses in it. It names no model,
// so that a new one changes nothing here, and no cluster: each cluster's Grafana reads its own
// Prometheus. Its name has a dot, so that it is no model's ConfigMap.
func Dashboard(p *fleet.Placement) *corev1.ConfigMap {
	meta := object.TenantMeta(p, "grafana.dashboard")
	meta.Labels[dashboardLabel] = "1"
	meta.Annotations = map[string]string{dashboardFolder: object.ManagedBy}
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		// The sidecar puts the files of all namespaces into one folder.
		Data: map[string]string{dashboardUID(p.Tenant) + ".json": dashboardJSON(p.Tenant)},
	}
}

// dashboardUID names the tenant's dashboard in Grafana, which takes 40 characters.
func dashboardUID(t *fleet.Tenant) string { return fleet.Shorten("mlfleet-"+t.Name, 40) }

// dashboardPath is where a Grafana shows a model.
func dashboardPath(t *fleet.Tenant, model string) string {
	return "/d/" + dashboardUID(t) + "?var-" + modelVariable + "=" + model
}

// anyTenant stands for a tenant's name in the dashboard of anyTenant's. No text of ours is in
// capitals.
const anyTenant = "TENANT"

// anyDashboard is built once: a dashboard takes as long to build as all else of a placement,
// and tenants' differ by a name.
var anyDashboard = sync.OnceValue(func() string { return builtDashboard(&fleet.Tenant{Name: anyTenant}) })

// dashboardJSON is the dashboard as Grafana stores it. A tenant's name is a DNS label, so
// that it can stand in JSON and in PromQL as it is.
func dashboardJSON(t *fleet.Tenant) string {
	uid := dashboardUID(&fleet.Tenant{Name: anyTenant})
	return strings.NewReplacer(uid, dashboardUID(t), anyTenant, t.Name).Replace(anyDashboard())
}

// builtDashboard is in the classic model of dashboards, which every Grafana still reads,
// indented for reviewers.
func builtDashboard(t *fleet.Tenant) string {
	built, err := tenantDashboard(t).Build()
	if err != nil {
		panic("a builder of ours set a field to what its type cannot hold: " + err.Error())
	}
	text, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		panic("the dashboard's types all have a form in JSON: " + err.Error())
	}
	return string(text)
}

func tenantDashboard(t *fleet.Tenant) *dashboard.DashboardBuilder {
	s := scope{namespace: t.Namespace(), model: "$" + modelVariable, is: "=~"}
	b := dashboard.NewDashboardBuilder("Models of "+t.Name).
		Uid(dashboardUID(t)).
		Tags([]string{object.ManagedBy, t.Name}).
		Readonly().
		Timezone("browser").
		Time("now-6h", "now").
		Refresh("1m").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder(datasourceVariable).Label("Prometheus").Type("prometheus")).
		WithVariable(modelChoice(t))
	id := uint32(1)
	for _, row := range rows(s) {
		b.WithRow(dashboard.NewRowBuilder(row.title).Id(id))
		id++
		for _, p := range row.panels {
			b.WithPanel(p.build(id))
			id++
		}
	}
	return b
}

// modelChoice offers every model that something was promised about.
func modelChoice(t *fleet.Tenant) *dashboard.QueryVariableBuilder {
	query := "label_values(" + selector(RecordLatencyObjective, matcher("namespace", "=", t.Namespace())) + ", model)"
	return dashboard.NewQueryVariableBuilder(modelVariable).
		Label("Model").
		Datasource(datasource()).
		Query(dashboard.StringOrMap{String: &query}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).
		IncludeAll(true).
		AllowCustomValue(false).
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{String: new("All")},
			Value: dashboard.StringOrArrayOfString{String: new("$__all")},
		})
}

func datasource() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new("${" + datasourceVariable + "}")}
}
