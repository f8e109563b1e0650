// Package expr compiles scalar expressions to closures, with PostgreSQL's types, conversions and errors.
//
// A [Compiler] takes a tree of package syntax over a relation and finds the parameters' types; what it makes, a [Scalar], is evaluated in
// an [Env], row by row, without allocation where the value needs none. A session takes part as a [Host] alone: it is charged
// for memory and gives way. What the native path does not know it says so with 0A000, and the worker is asked. The package must
// know nothing of statements, plans or where rows come from.
package expr
