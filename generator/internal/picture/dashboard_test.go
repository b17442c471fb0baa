package picture

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write docs/images/dashboard.svg")

const (
	shown = "../../../golden/tenants/acme/models/base/dashboard.yaml"
	image = "../../../docs/images/dashboard.svg"
)

func dashboardJSON(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(shown)
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Data map[string]string }
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	return []byte(config.Data["mlfleet-acme.json"])
}

func TestPictureIsCurrent(t *testing.T) {
	want, err := SVG(dashboardJSON(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(image, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(image)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not of %s (%v); run: go test ./generator/internal/picture -update", image, shown, err)
	}
}

// Every panel is there with its title and legends, within the picture.
func TestPictureShowsEveryPanel(t *testing.T) {
	text := dashboardJSON(t)
	svg, err := SVG(text)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	boxes, legends := 0, 0
	for _, p := range d.Panels {
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s is wider than Grafana's grid", p.Title)
		}
		if !strings.Contains(string(svg), p.Title+"</text>") {
			t.Errorf("%s is not there", p.Title)
		}
		for _, target := range p.Targets {
			legends++
			if !strings.Contains(string(svg), ">"+target.LegendFormat+"</text>") {
				t.Errorf("%s lacks the legend %s", p.Title, target.LegendFormat)
			}
		}
		if p.Type != "row" {
			boxes++
		}
	}
	if boxes < 8 || legends < boxes {
		t.Errorf("%d panels with %d curves", boxes, legends)
	}
	if got := strings.Count(string(svg), "<rect") - 1; got != boxes {
		t.Errorf("%d boxes for %d panels", got, boxes)
	}
	if !strings.Contains(string(svg), "stroke-dasharray") {
		t.Error("no promise is dashed")
	}
}
