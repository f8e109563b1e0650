// Package policy holds events against row-level policies: which of them somebody sees, and which he may append.
//
// It makes conditions of the texts that [privilege.Policy] has; who is exempt, and which policies are about whom, is package rights'. It
// must know nothing of sessions, and nothing of how rows are found. The worker makes its own of the same text.
package policy
