package engine

// The mistakes that a replicated log could make: see TestPlanted of package replica, whose simulation must catch each.
const (
	bugGroupEarly        bug = "append a group before what is before it is applied"
	bugOwnByIndex        bug = "take another's entry for one's own that was to have its place"
	bugAnswerOnAppend    bug = "answer once the leader has written it"
	bugLocalBytes        bug = "write down in an entry what only this node knows"
	bugSealOnAppend      bug = "seal a segment before the group that begins the next is committed"
	bugTakeBackUnsynced  bug = "take entries back without making that durable"
	bugTakeBackLess      bug = "leave in the file what is taken back"
	bugKeepNext          bug = "leave a segment whose beginning is taken back"
	bugReadUnverified    bug = "read an entry for another node without its checksums"
	bugReplacedIsMade    bug = "tell of an append that another's entry has replaced that it was made"
	bugKeepLearnt        bug = "pack with what was learnt here where the leader has learnt nothing"
	bugKeysNotNoted      bug = "note no keys of events that another node has appended"
	bugKeysTooLate       bug = "note no keys of a group that is on its way when that is begun"
	bugForgetTime        bug = "forget when an event was recorded that another node has appended"
	bugMembersNotWritten bug = "begin a segment without the members"
	bugAcceptTornEntry   bug = "take for whole an entry whose end is missing"
	bugForgetMembers     bug = "forget that a change of the members is committed behind which another is"
	bugNewestCommitted   bug = "take the newest group for committed when the log is opened"
)
