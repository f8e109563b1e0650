package replica

// bug is a mistake that a node makes where a failpoint says so, to see that the simulation catches it: see TestPlanted. Without the build tag failpoint
// there are no such places.
type bug string

const (
	bugVoteNotSaved     bug = "vote without writing it down"
	bugAckEarly         bug = "send what says that an entry is durable before it is"
	bugGroupEarly       bug = "append a group before what is before it is applied"
	bugApplyEarly       bug = "apply what is written and not known to be committed"
	bugEvaluateEarly    bug = "evaluate a group before the term's first entry is applied"
	bugRefuseUnasked    bug = "tell a refusal without asking whether this node still leads"
	bugRefuseStale      bug = "tell a refusal that rests on what was not the newest"
	bugReadUnasked      bug = "serve a read without asking the leader"
	bugLease            bug = "serve a leader's read without asking whether it still leads"
	bugReadUnapplied    bug = "serve a read before what it asks for is applied"
	bugReadIDAgain      bug = "number the questions to the leader from the start each time"
	bugMembersEarly     bug = "change the members when the entry is written"
	bugMembersForgotten bug = "begin with the first members again"
	bugUnknownIsRefused bug = "tell of an append that may be made that it was not"
	bugStopIsRefused    bug = "tell that nothing was appended when the node stops"
	bugDroppedChange    bug = "tell of a change of members that the protocol has dropped that it was made"
	bugKeepTakenBack    bug = "keep in memory what is taken back"
	bugAnswerOfNothing  bug = "take for an answer about the log what only says that a term is over"
	bugUnreadableIsSlow bug = "go on leading with a log that cannot be read"
)
