package failpoint

// Bug is such a mistake.
type Bug string

// The mistakes, by what they do.
const (
	OneBranch     Bug = "take the keys of an OR's first branch for those of all"
	OneKey        Bug = "take the first of a reading's keys for all"
	NothingRead   Bug = "note no reading of what is counted or read backwards"
	NeverAtEnd    Bug = "note no reading of a SELECT that has met the end of the log"
	LateSnapshot  Bug = "hold what was read against what comes after the last read alone"
	TooWide       Bug = "take every event with a key of a reading for one that meets it"
	GuardNotAdded Bug = "add nothing of what comes to a guard's answers"
	GuardUnread   Bug = "hold a guard that the worker answered against nothing"
	NullableSide  Bug = "let WHERE narrow the nullable side of an outer join"
	WorkerUnread  Bug = "note no reading of what the worker answers"
	StreamsUnread Bug = "note no reading of streams"
)
