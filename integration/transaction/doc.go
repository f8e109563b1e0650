// Package transaction tests what a transaction sees of its own appends, and what it may rely on of what
// it saw, with random sessions: against PostgreSQL, statement by statement (oracle_test.go); beside
// writers who move what it was told, against a model (model_test.go); and as object mappers save
// (savers_test.go).
//
//	EVENTGRES_LONG=1 go test ./integration/transaction
//
// runs many more sessions.
package transaction
