package advisory

import "errors"

// What can be wrong with a database. Errors of this package wrap one of them where it fits.
var (
	// ErrStale: the database is older than the caller allows.
	ErrStale = errors.New("the vulnerability database is too old")
	// ErrFuture: the database says that it was made after now.
	ErrFuture = errors.New("the vulnerability database is from the future")
	// ErrSchema: the database has another schema than Trivy's 2.
	ErrSchema = errors.New("the vulnerability database has another schema")
	// ErrCorrupt: the database is damaged, incomplete, or was changed since it was pulled or built.
	ErrCorrupt = errors.New("the vulnerability database is damaged")
	// ErrInUse: this process has a database open already.
	ErrInUse = errors.New("a vulnerability database is open already")
)
