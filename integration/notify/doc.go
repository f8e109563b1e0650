// Package notify tests LISTEN, NOTIFY and what else is told to a client that has asked for nothing.
//
// Random scripts of three sessions are run by Eventgres and by PostgreSQL 15: who is told what, when, in which order, and every answer beside it,
// is the same. What is Eventgres's own stands in tests of its own: bounds, order beside appends, the server's channels. Drivers, a pool and the
// programs of docs/listen.md listen too.
//
//	go test ./integration/notify -run Random -script 17 -v    one script
//	go test ./integration/notify -run Random -scripts 5000   more of them
package notify
