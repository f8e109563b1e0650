// Package explain is what EXPLAIN shows of a plan: its steps, what they are estimated to read and cost, and the forms in which
// that is written.
//
// It knows the plans of package read, and of an analytical statement only its text and columns. It runs nothing; what ANALYZE has
// measured it is told.
package explain
