// Package setting is PostgreSQL's settings: which there are, what each may be set to, and a session's values.
//
// [Values] follow a transaction: SET LOCAL and savepoints give back what was. A setting is declared once, as a [Setting]: in declared.go if it has an
// effect or a check of its own, else in list.go, with the reason in known.go if it may be set without effect. Who has the effect adds it
// by [Effect], before sessions begin; one that may be changed and has none fails a test. The package must know nothing of statements or connections.
package setting
