// Package proposal makes proposed events of rows: what INSERT, COPY and a query's rows have in common, whose columns are those of
// events.
//
// It knows columns, expressions and what an event needs as a whole. It appends nothing, and knows no session.
package proposal
