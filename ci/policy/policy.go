package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/yamldoc"
)

// APIVersion and Kind open every policy file.
const (
	APIVersion = "mlfleet.dev/v1alpha1"
	Kind       = "ImagePolicy"
)

// Severities are Trivy's, from harmless to worst.
var severities = []string{"unknown", "low", "medium", "high", "critical"}

// Effect is what something leads to.
type Effect string

const (
	Block  Effect = "block"
	Report Effect = "report"
)

// Policy is a checked ci/policy.yaml.
type Policy struct {
	// Database bounds the age of the vulnerability database.
	Database struct {
		MaximumAge         time.Duration // of one pulled from a registry or taken from a directory
		ReviewedMaximumAge time.Duration // of one built from reviewed advisories: people look less often than machines
	}
	// Gate says what blocks.
	Gate struct {
		Severities []string // findings of these block, in lower case
		Unfixed    Effect   // what a blocking severity without a fixed version leads to
		EndOfLife  Effect   // what an operating system without security updates leads to
		Unread     Effect   // what packages that the scan does not judge lead to
	}
	Waivers []Waiver
}

// Mildest is the least severity that blocks, as a scan's record has it: HIGH.
func (p *Policy) Mildest() string {
	for _, s := range severities { // from harmless to worst
		if slices.Contains(p.Gate.Severities, s) {
			return strings.ToUpper(s)
		}
	}
	return "CRITICAL"
}

// Waiver lets one finding pass for a while.
type Waiver struct {
	ID      string    // CVE-…, or a secret's rule
	Package string    // only in this package; empty: in any. Not for secrets
	Path    string    // only in this file; a secret needs it: a rule waived everywhere would hide the next secret
	Reason  string    // why it does no harm
	Owner   string    // who answers for it
	Expires time.Time // the last day on which it holds, in UTC
	At      string    // file:line:column, for messages
}

// Active says whether the waiver still holds: through the whole of its last day, in UTC.
func (w Waiver) Active(now time.Time) bool { return now.Before(w.Expires.AddDate(0, 0, 1)) }

// Read reads a policy. Errors name file, line and column, all of them at once.
func Read(path string) (*Policy, error) {
	root, err := yamldoc.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the image policy: %w", err)
	}
	return decode(root)
}

func decode(root yamldoc.Node) (*Policy, error) {
	var p Policy
	var version, kind string
	err := root.Fields(map[string]yamldoc.Field{
		"apiVersion": yamldoc.Required(yamldoc.OneOf(&version, APIVersion)),
		"kind":       yamldoc.Required(yamldoc.OneOf(&kind, Kind)),
		"database": yamldoc.Required(yamldoc.Any(func(n yamldoc.Node) error {
			return n.Fields(map[string]yamldoc.Field{
				"maximumAge":         yamldoc.Required(yamldoc.Duration(&p.Database.MaximumAge)),
				"reviewedMaximumAge": yamldoc.Required(yamldoc.Duration(&p.Database.ReviewedMaximumAge)),
			})
		})),
		"gate": yamldoc.Required(yamldoc.Any(func(n yamldoc.Node) error {
			return n.Fields(map[string]yamldoc.Field{
				"severities": yamldoc.Required(yamldoc.List(func(n yamldoc.Node) error {
					p.Gate.Severities = append(p.Gate.Severities, "")
					return yamldoc.OneOf(&p.Gate.Severities[len(p.Gate.Severities)-1], severities...).Read(n)
				})),
				"unfixed":   yamldoc.Required(effect(&p.Gate.Unfixed)),
				"endOfLife": yamldoc.Required(effect(&p.Gate.EndOfLife)),
				"unread":    yamldoc.Required(effect(&p.Gate.Unread)),
			})
		})),
		"waivers": yamldoc.List(func(n yamldoc.Node) error {
			w, err := decodeWaiver(n)
			p.Waivers = append(p.Waivers, w)
			return err
		}),
	})
	if err == nil && len(p.Gate.Severities) == 0 {
		err = root.Errorf("gate.severities is empty: nothing would block")
	}
	if err != nil {
		return nil, err
	}
	return &p, p.once()
}

func decodeWaiver(n yamldoc.Node) (Waiver, error) {
	w := Waiver{At: n.At()}
	err := n.Fields(map[string]yamldoc.Field{
		"id":      yamldoc.Required(yamldoc.String(&w.ID)),
		"package": yamldoc.String(&w.Package),
		"path":    yamldoc.String(&w.Path),
		"reason":  yamldoc.Required(yamldoc.String(&w.Reason)),
		"owner":   yamldoc.Required(yamldoc.String(&w.Owner)),
		"expires": yamldoc.Required(yamldoc.Date(&w.Expires)),
	})
	w.Path = strings.TrimPrefix(w.Path, "/")
	return w, err
}

// once refuses two waivers for the same thing: one would expire and the other not.
func (p *Policy) once() error {
	var all []error
	at := map[[3]string]string{}
	for _, w := range p.Waivers {
		key := [3]string{w.ID, w.Package, w.Path}
		if before, twice := at[key]; twice {
			all = append(all, fmt.Errorf("%s: %s is waived at %s already", w.At, w.ID, before))
		}
		at[key] = w.At
	}
	return errors.Join(all...)
}

func effect(into *Effect) yamldoc.Field {
	return yamldoc.Any(func(n yamldoc.Node) error {
		var word string
		err := yamldoc.OneOf(&word, string(Block), string(Report)).Read(n)
		*into = Effect(word)
		return err
	})
}
