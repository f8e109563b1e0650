// Package priority lowers the priority of the analytics worker's process, so that appends and
// stream reads come first. It needs no cgo, so that the code for each system is checked wherever the
// rest is.
package priority
