// Package schema is what can be defined beside the fixed relations: views, and comments on them and on the relations.
//
// A schema is read from the engine's control state, and changed by records of it that a commit carries. The package knows no
// statements and does not know what a view means: that is the worker's.
package schema
