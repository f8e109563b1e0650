// Package guard is the WHERE of INSERT INTO events … SELECT … WHERE [NOT] EXISTS (SELECT … FROM events …): a question about the log that decides
// whether something is appended.
//
// A [Plan] asks it natively. It is a premise of the append (see [engine.Premise]): what comes between the asking and the append is added to the answers, so that
// the question is decided just before the append's position, and nobody is told to try again. It must know nothing of sessions or INSERT.
package guard
