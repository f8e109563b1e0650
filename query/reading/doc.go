// Package reading is what a transaction has read, and what its append rests on therefore.
//
// A SELECT leaves a [Reading]: a condition on one event, such that an event that does not meet it cannot change the answer. A [Set] has those of a
// transaction, in bounds. Each is a premise of the append (see [engine.Premise]): it is shown what others have committed since the snapshot, and refuses the
// append if one of those events meets it. It must know nothing of sessions or statements.
package reading
