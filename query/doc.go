// Package query is what a session does with a statement.
//
// A text goes to package syntax and comes back as a tree; a [Session] makes a plan of it, natively (packages relation, expr and read),
// through the analytics worker (analytic.go), or both in part (staged.go). A plan is
// bound to a portal, which pgwire executes. Appends are made at once or staged (package staging, transaction.go) and committed as one
// append; settings are package setting's and made effective in settings.go.
//
// What the worker answers is the same as what the native path answers, or an error: prepare.go decides which of them is asked.
// It alone knows every kind of statement; the others know the session, the transaction and the plan. A test (integration/structure)
// bounds how much the files use each other.
package query
