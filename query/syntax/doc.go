// Package syntax is what a text says: the lexer, the parser and the tree of the statements that the server knows itself.
//
// A text goes through [ParseMetered] once, which counts what it reads, gives way and bounds every list. What PostgreSQL accepts and this
// parser does not take is no error: it is marked [Unsupported], and the analytics worker parses it with PostgreSQL's own
// grammar. The package must know nothing of what a statement does: no relation, no session, no plan. A tree does not change
// once it is made.
package syntax
