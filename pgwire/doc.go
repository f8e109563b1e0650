// Package pgwire is the server side of PostgreSQL's frontend/backend protocol,
// versions 3.0 and 3.2, for any [Handler]. It knows nothing of events.
//
// A [Server] accepts connections; each [Conn] has one goroutine, which reads messages,
// drives the [Session] that the Handler made for it, and writes replies. The package
// owns what the protocol defines: start-up and negotiation, the simple and extended
// query flows, named statements and portals, row limits, COPY, cancellation, error
// recovery up to Sync, and ReadyForQuery. What a statement means is the Session's.
//
// Who may come in an [Authenticator] decides, between the start-up packet and the session: a [Guard] does so by rules and roles,
// as PostgreSQL does, and package auth below it knows both and SCRAM. Without one everybody is whoever they say. Encryption ([TLS])
// comes before all that.
//
// Every length is checked before memory is taken for it, and memory for a message
// grows only as its bytes arrive.
package pgwire
