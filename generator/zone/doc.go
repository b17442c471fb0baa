// Package zone knows the time zones of the IANA database. It takes a name and gives
// the zone, the same on every machine: not the machine's own database, whose age would
// decide whether a schedule is wrong, but one that is part of this package.
//
// zoneinfo.zip is lib/time/zoneinfo.zip of Go 1.26 (tzdata 2025c; the database is in
// the public domain), byte for byte. Go embeds the same file in package time/tzdata, but time.LoadLocation
// asks the machine first, and gives no list of names.
package zone
