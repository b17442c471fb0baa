package zone

import (
	"archive/zip"
	_ "embed" // for zoneinfo.zip
	"fmt"
	"io/fs"
	"strings"
	"time"
)

//go:embed zoneinfo.zip
var zoneinfo string

// Database is the time zones by name.
type Database struct{ zones *zip.Reader }

// Open reads the list of zones.
func Open() *Database {
	zones, err := zip.NewReader(strings.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		panic(fmt.Errorf("the time zones in this program are broken: %w", err))
	}
	return &Database{zones}
}

// Load is the zone of that name, nil where there is none.
func (d *Database) Load(name string) *time.Location {
	data, err := fs.ReadFile(d.zones, name)
	if err != nil { // there is no such file
		return nil
	}
	zone, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		panic(fmt.Errorf("the time zone %s in this program is broken: %w", name, err))
	}
	return zone
}

// Names are all zones.
func (d *Database) Names() []string {
	var names []string
	for _, f := range d.zones.File {
		names = append(names, f.Name)
	}
	return names
}
