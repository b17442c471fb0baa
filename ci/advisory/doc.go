// Package advisory holds the vulnerability database that a scan asks, in Trivy's format (schema 2: trivy.db and metadata.json
// in one directory), so that one database serves us, the whole Trivy, and whoever checks our results.
//
// It comes three ways: [Pull] takes it as an OCI artifact from a registry (the public one or a mirror), [Open]
// takes any directory that holds one, and [Build] makes it from a [File] of advisories that a person
// has reviewed, for tests and for places without network.
//
// An old database finds little and says so nowhere, therefore age is an error here and not a warning: [Open] refuses a database older
// than the policy allows, and one from the future, because a wrong clock hides the same thing. [Pull] and [Build] leave a checksum beside
// the database, and [Open] refuses a database that was changed since: a flipped bit in an index page would make
// advisories unfindable without any error.
//
// trivy-db keeps its open database in a variable of its own. One database can therefore be open at a time; a second [Open] is an
// error, not a surprise. bbolt maps the file into memory and may fault or panic on a damaged one; [DB.Use] turns
// that into an error.
package advisory
