package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/mlfleet/mlfleet/preview/change"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// document is the report as JSON. docs/operations.md describes it; fields may be added.
type document struct {
	Engine       string            `json:"engine"`
	Applications []application     `json:"applications"`
	Findings     []finding.Finding `json:"findings"`
	// Notes are about the revision that was compared with.
	Notes []finding.Finding `json:"notes,omitempty"`
	// Changes is there, and perhaps empty, where something was compared.
	Changes *[]change.Change `json:"changes,omitempty"`
}

type application struct {
	Set   string `json:"set,omitempty"`
	File  string `json:"file"`
	Step  int    `json:"step,omitempty"`
	Steps int    `json:"steps,omitempty"`
	// Application is Argo CD's own object, less what only the hub knows.
	Application map[string]any `json:"application"`
}

// JSON prints the report for programs.
func (r *Report) JSON(w io.Writer) error {
	d := document{Engine: r.Engine, Applications: []application{}, Findings: append([]finding.Finding{}, r.Findings...), Notes: r.Notes}
	for _, a := range r.Applications {
		object, err := bare(a)
		if err != nil {
			return err
		}
		d.Applications = append(d.Applications, application{a.SetName(), a.File(), a.Step(), a.Steps(), object})
	}
	if r.Against != "" {
		changes := append([]change.Change{}, r.Changes...)
		d.Changes = &changes
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(d)
}

// bare is an Application without status and time of creation, which Argo CD's type has
// even where they are empty.
func bare(a expand.Application) (map[string]any, error) {
	data, err := json.Marshal(a.Application)
	if err != nil {
		return nil, fmt.Errorf("encoding Application %s: %w", a.Name, err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("encoding Application %s: %w", a.Name, err)
	}
	delete(out, "status")
	if metadata, ok := out["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	return out, nil
}
