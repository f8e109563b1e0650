package standby

import (
	"errors"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// Of is an error of the engine's that only a node of a cluster gives, with its SQLSTATE; nil if it is none.
func Of(err error) *pgerror.Error {
	var follows *engine.NotLeaderError
	switch {
	case errors.As(err, &follows):
		return readOnly("INSERT").WithHint(leaderHint(follows.Name, follows.Address))
	case errors.Is(err, engine.ErrNotAppended):
		return pgerror.Errorf(pgerror.SerializationFailure, "%s", engine.ErrNotAppended.Error()).WithHint("The transaction might succeed if retried.")
	case errors.Is(err, engine.ErrOutcomeUnknown):
		e := pgerror.Errorf(pgerror.TransactionResolutionUnknown, "%s", engine.ErrOutcomeUnknown.Error()).
			WithHint("Retry at the leader with the same event_id: what is there already is not appended again.")
		e.Severity = "FATAL"
		return e
	case errors.Is(err, engine.ErrNoLeader):
		return pgerror.Errorf(pgerror.CannotConnectNow, "%s", engine.ErrNoLeader.Error()).
			WithDetail("Most of its nodes do not reach each other.").WithHint("Nothing was appended. Retry later.")
	}
	return nil
}

// Lost is the error of a COMMIT whose node does not lead any more: by that alone nothing is wrong with the transaction. nil if err is another.
func Lost(err error) *pgerror.Error {
	var follows *engine.NotLeaderError
	if !errors.As(err, &follows) {
		return nil
	}
	return pgerror.Errorf(pgerror.SerializationFailure, "the transaction was not committed: this node is no longer the leader").
		WithHint(leaderHint(follows.Name, follows.Address) + " The transaction might succeed if retried there.")
}

func readOnly(tag string) *pgerror.Error {
	return pgerror.Errorf(pgerror.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", tag)
}

func leaderHint(name, address string) string {
	switch {
	case name == "":
		return "The cluster has no leader now."
	case address == "":
		return "The leader is node " + name + "."
	}
	return "The leader is node " + name + ", at " + address + "."
}
