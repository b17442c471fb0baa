package inventory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// JSON writes the inventory for programs.
func (inv *Inventory) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(inv)
}

// Text writes a table for people, and below it what is wrong; now is what ages
// count to.
func (inv *Inventory) Text(w io.Writer, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "IMAGE\tDIGEST\tENVIRONMENTS\tCLUSTERS\tSIGNATURE\tSCAN\tFINDINGS\tWAIVERS\tSBOM\tCOMMIT")
	for _, i := range inv.Images {
		fmt.Fprintln(table, strings.Join(i.row(now), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(inv.Findings) == 0 {
		_, err := fmt.Fprintf(w, "\n%s, all proven\n", plural(len(inv.Images), "image"))
		return err
	}
	fmt.Fprintf(w, "\n%s, %s:\n", plural(len(inv.Images), "image"), plural(len(inv.Findings), "finding"))
	for _, f := range inv.Findings {
		if _, err := fmt.Fprintf(w, "\n%s (%s)\n  %s\n  fix: %s\n", f.Image, f.Where, f.Message, f.Fix); err != nil {
			return err
		}
	}
	return nil
}

// row is an image's line in the table.
func (i *Image) row(now time.Time) []string {
	e := &i.Evidence
	row := []string{i.Name + ":" + cmp.Or(i.Tag, "-"), "-", words(i.Environments), fmt.Sprint(len(i.Clusters)), string(e.Signature), "-", "-", "-", words(e.SBOMs), "-"}
	switch {
	case i.Pinned():
		row[1] = strings.TrimPrefix(i.Digest, "sha256:")[:12]
	case i.Unproven:
		row[1] = "unproven"
	}
	if !e.Scanned.IsZero() {
		verdict := "failed"
		if e.Passed {
			verdict = "passed"
		}
		row[5] = fmt.Sprintf("%s, %s", verdict, age(now.Sub(e.Scanned)))
		row[6] = provenance.Summary(e.Findings)
		row[7] = fmt.Sprint(len(e.Waivers))
	}
	if e.Commit != "" {
		row[9] = e.Commit[:12]
	}
	return row
}

// age is a duration as people say it.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "to come"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute") + " old"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour") + " old"
	default:
		return plural(int(d.Hours()/24), "day") + " old"
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func words(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}
