// Package searchpath is where names without a schema are looked for.
//
// The server and the worker ask it alike. It must know nothing of what there is in a schema.
package searchpath
