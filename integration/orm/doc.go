// Package orm runs the programs of docs/orm.md: each ORM saves events in transactions of
// its own, reads before it commits, and commits, eight savers at once. None may meet a
// conflict, none may lose an event.
package orm
