// Package worker tests from outside what the analytics worker promises: that a query sees every
// event acknowledged before it, that nothing a user types harms the log or another session,
// that the worker comes back when it dies, and that its engine is locked down.
package worker
