package replica

// bug is a mistake that a node makes where a failpoint says so, to see that the simulation catches it. Without the build tag failpoint there are no
// such places.
type bug string

const (
	bugVoteNotSaved bug = "vote without writing it down"
	bugAckEarly     bug = "send what says that an entry is durable before it is"
)
