// Package serializable tests, from outside, that what a transaction has read holds just before what it appends: random histories of several sessions,
// checked against the log.
package serializable
