// Package roles tests roles and privileges beside PostgreSQL's own: random statements of many roles, each of which gets the same
// answer, notices and rights from both.
package roles
