package analytics

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// LockingError refuses SELECT … FOR UPDATE and its like: nothing here can be locked, and who asks for
// a lock relies on having it. clause is the clause as PostgreSQL names it.
func LockingError(clause string) *pgerror.Error {
	return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not supported: events are immutable, and no row is locked", clause).
		WithHint("Append with the expected_version that was read: the append fails if somebody else was first.")
}
