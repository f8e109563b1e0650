// Package consumers drives consumers from outside: members that come, go and are killed, and a server that is.
package consumers
