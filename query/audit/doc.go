// Package audit writes who did what to a file of its own, a line of JSON each: what a session did, added up by the class of its statements
// and what came of them; each change of what is defined; each failed authentication.
//
// A [Log] is the file, with what happens while it cannot be written; a [Session] is what one session has done since its last lines. Both
// have bounds in memory. The package knows no SQL, and is given no constants of statements. A nil Session counts nothing.
package audit
