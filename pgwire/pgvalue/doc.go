// Package pgvalue is a value of one of PostgreSQL's types, and its text and binary form.
//
// What a client sends becomes a [Value] here, and rows become bytes here; a [Zone] says in which zone and style. It must know
// nothing of columns, statements or connections.
package pgvalue
