// Package notify is LISTEN and NOTIFY: who listens to what, and what is on its way to them.
//
// A [Registry] has a list of listeners a channel. What a transaction notifies of is gathered in its [Pending], together with what it makes
// the session listen to, and goes out when it commits: [Registry.enqueue] puts it in its place among those of other transactions, for one that
// appends events at the moment and in the order in which the log has them (engine.AppendRequest.Then), and [Registry.deliver] puts it into the
// queue of each [Listener] of its channel. The listener's connection is woken and takes it from there when no transaction is open on it, as in
// PostgreSQL.
//
// On the server's own channels nothing is sent: a [feed] is woken by the dispatcher of what is appended, and looks for the newest event that its session
// sees when that can be told of it. So nothing is kept for who is slow, and policies are asked where the session is.
//
// A notification costs those who listen to its channel and nobody else. Nothing is kept for who is not there, and nothing is durable.
package notify
