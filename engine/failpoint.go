package engine

// bug is a mistake that the engine makes where a failpoint says so, to see that the tests catch it: see TestFailpoints.
// Without the build tag failpoint there are no such places, and the compiler drops the branches.
type bug string

// The mistakes, by what they do.
const (
	bugAckBeforeSync     bug = "acknowledge before fsync"
	bugRetrySync         bug = "retry a failed fsync and believe it"
	bugNotPoisoned       bug = "go on after a failed fsync"
	bugAckOnError        bug = "acknowledge after a failed write"
	bugKeepRefused       bug = "leave what a refused write wrote"
	bugPublishEarly      bug = "publish before the commit"
	bugSkipDirSync       bug = "skip the directory fsync of a new segment"
	bugSealFirst         bug = "seal a segment before there is a next"
	bugRenameBeforeSync  bug = "rename a file before its bytes are synced"
	bugCheckpointAhead   bug = "record a checkpoint ahead of the log"
	bugCutDamage         bug = "take damage for a torn tail"
	bugKeepTornTail      bug = "leave a torn tail in the file"
	bugTrustMemory       bug = "trust what recovery read without writing it again"
	bugIgnoreWitness     bug = "cut a tail that a later frame shows durable"
	bugSkipRecordCRC     bug = "skip the checksum of a record"
	bugSkipFrameCRC      bug = "skip the checksum of a frame"
	bugSkipBlockCRC      bug = "skip the checksum of an index block"
	bugReadErrorIsEnd    bug = "take a read error for the end of the file"
	bugVersionOffByOne   bug = "check an expected version off by one"
	bugForgetHistory     bug = "look for event ids in the newest segment only"
	bugPartialRefusal    bug = "keep what a refused append counted"
	bugClockBackwards    bug = "record a time as the clock says it"
	bugLostDictionary    bug = "pack against a dictionary that was not written"
	bugSkipDictCRC       bug = "skip the checksum of a dictionary"
	bugListOffByOne      bug = "list a stream's events in the wrong order"
	bugPostingLost       bug = "leave the first event of a key out of its list"
	bugLostControl       bug = "begin a segment without the control state"
	bugForgetDeletions   bug = "carry no deletions over"
	bugControlOffByOne   bug = "check a control version off by one"
	bugDefinitionsTwice  bug = "take definitions over where there are control records"
	bugRenameDefinitions bug = "rename the definitions before they are taken over"
	bugSameGroup         bug = "hold premises against no event of the same group"
	bugInFlight          bug = "hold premises against no event that came since the caller looked"
	bugStaleRoll         bug = "find nothing by keys in the segment that was sealed last"
	bugForgetKeys        bug = "keep the first position of a key and not the newest"
)
