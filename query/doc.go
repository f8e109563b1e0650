// Package query is the SQL front: it parses what clients send, decides what each
// statement is, and answers natively what the engine's indexes can serve.
//
// A text goes through the lexer and parser (lexer.go, parser*.go) to a syntax tree
// (ast.go); a [Session] turns the tree into a statement (insert.go, select.go, copy.go,
// …) whose expressions are compiled to closures (compile.go). Transactions stage
// appends in the session and commit them as one append (transaction.go).
//
// What PostgreSQL accepts and the native path does not know is kept apart from what is
// wrong: the parser marks it "beyond", and the statement is refused with 0A000 until a
// full SQL path can take it.
package query
