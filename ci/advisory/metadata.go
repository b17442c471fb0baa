package advisory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	trivydb "github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/google/renameio/v2"
)

const (
	databaseFile = "trivy.db"
	metadataFile = "metadata.json"
	checksumFile = "trivy.db.sha256" // ours: what Pull and Build wrote, as sha256sum spells it
)

// clockSkew is how far a database may be ahead of this machine: two machines' clocks, no more.
const clockSkew = 5 * time.Minute

// Metadata is a database's metadata.json, as Trivy spells it.
type Metadata struct {
	Version      int       `json:"Version"`      // schema; 2
	NextUpdate   time.Time `json:"NextUpdate"`   // when its makers will have made a newer one
	UpdatedAt    time.Time `json:"UpdatedAt"`    // when its advisories were collected: its age counts from here
	DownloadedAt time.Time `json:"DownloadedAt"` // when it came to this machine
}

// readMetadata reads and checks a directory's metadata.json against the time of the scan.
func readMetadata(dir string, now time.Time, maxAge time.Duration) (Metadata, error) {
	path := filepath.Join(dir, metadataFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Metadata{}, fmt.Errorf("no vulnerability database in %s (%s is missing): pull one or build it from reviewed advisories: %w",
			dir, metadataFile, err)
	}
	if err != nil {
		return Metadata{}, fmt.Errorf("reading the vulnerability database's metadata: %w", err)
	}
	var m Metadata
	if err := json.Unmarshal(data, &m); err != nil {
		return Metadata{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, path, err)
	}
	return m, m.check(dir, now, maxAge)
}

func (m Metadata) check(dir string, now time.Time, maxAge time.Duration) error {
	age := now.Sub(m.UpdatedAt)
	switch {
	case m.Version != trivydb.SchemaVersion:
		return fmt.Errorf("%w: %s has schema %d, this program reads %d", ErrSchema, dir, m.Version, trivydb.SchemaVersion)
	case m.UpdatedAt.IsZero():
		return fmt.Errorf("%w: %s does not say when it was made (UpdatedAt)", ErrCorrupt, dir)
	case age < -clockSkew:
		return fmt.Errorf("%w: %s was made at %s, now is %s: one of the two clocks is wrong",
			ErrFuture, dir, stamp(m.UpdatedAt), stamp(now))
	case age > maxAge:
		return fmt.Errorf("%w: %s was made at %s, %s ago; the policy allows %s: pull a newer one",
			ErrStale, dir, stamp(m.UpdatedAt), round(age), round(maxAge))
	}
	return nil
}

func (m Metadata) write(dir string) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing the vulnerability database's metadata: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(dir, metadataFile), append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the vulnerability database's metadata: %w", err)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// round spells a duration as people say it: days from two days on, else hours, else what Go says.
func round(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return d.Round(time.Second).String()
}
