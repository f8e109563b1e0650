// Package live tests what follows the log, over the wire: SUBSCRIBE in all its forms against the log itself, while followers
// are cancelled, terminated and slow, and the server is killed.
//
//	EVENTGRES_LONG=1 go test -run TestFollowers ./integration/live -args -followers 200 -time 10m
//
// is the run of the release notes.
package live
