// Package role is who there is: roles with their passwords, as the engine's control state keeps them.
//
// A [Catalog] is all roles at one moment, and does not change; a transaction that changes roles has one of its own until it
// commits. The [Store] reads them, says which changes of the control state make a transaction's everybody's, and tells the
// door ([pgwire.RoleSource]) who may come in. What a statement makes of a catalog is
// here too; who may say it, and when it holds, is the session's. The package knows no sockets.
package role
