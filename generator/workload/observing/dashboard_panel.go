package observing

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Grafana's grid is 24 wide.
const (
	panelWidth  = 8
	panelHeight = 8
)

// panel is one graph over time.
type panel struct {
	title, description string
	unit               string // as Grafana names it
	curves             []curve
}

// curve is a query, and the legend of each series that it gives.
type curve struct {
	expr, legend string
	// promised is drawn dashed: what should be, not what is.
	promised bool
}

func (p panel) build(id uint32) *timeseries.PanelBuilder {
	b := timeseries.NewPanelBuilder().
		Id(id).
		Title(p.title).
		Description(p.description).
		Datasource(datasource()).
		Span(panelWidth).
		Height(panelHeight).
		Unit(p.unit).
		Min(0).
		LineWidth(1).
		FillOpacity(10).
		ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	for i, c := range p.curves {
		ref := string(rune('A' + i))
		b.WithTarget(prometheus.NewDataqueryBuilder().RefId(ref).Expr(c.expr).LegendFormat(c.legend).Range())
		if c.promised {
			b.OverrideByQuery(ref, []dashboard.DynamicConfigValue{
				{Id: "custom.lineStyle", Value: map[string]any{"fill": "dash", "dash": []int{10, 10}}},
				{Id: "custom.fillOpacity", Value: 0},
			})
		}
	}
	return b
}
