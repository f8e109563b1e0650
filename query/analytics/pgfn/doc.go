// Package pgfn computes PostgreSQL 15's scalar functions: results, text forms, words of
// errors and SQLSTATEs are PostgreSQL's, with UTF8, locale C, DateStyle ISO and
// IntervalStyle postgres. It knows neither plans nor rows.
//
// No function takes SQL null; where SQL's answer is null, a function has a second result
// and that is false. Text is valid UTF-8 without NUL. Nothing panics, whatever the
// arguments, and everything may be called from many goroutines at once. Slices that are
// returned may be parts of the arguments.
package pgfn
