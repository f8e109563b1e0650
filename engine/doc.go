// Package engine is the event store: an append-only, gapless, checksummed log
// with an index, usable as a Go library without SQL and without a network.
//
// # Words
//
// An event has a version in its stream and a position in the whole log; both
// count 0, 1, 2 … without gaps, and positions are in commit order. An append is
// one or more events, over one or more streams, written atomically. The [Store]
// owns a data directory; its writer is all that writes, one commit at a time, reached
// through a [WriterHandle]; its [ReadIndex] is the shared, read-only view of what
// is committed. Beside events an append may change the control state: keys with values, small and
// all in memory, which [Control] reads; each key counts its versions.
//
// # Files
//
//	STORE               what this directory is: format version, store id, secret
//	LOCK                held by the one process that has the store open
//	CHECKPOINT          a lower bound of what is durable (see below)
//	log/00000001.seg    segments, numbered 1, 2, 3 …; all but the last are sealed
//	index/00000001.idx  the index of a sealed segment; derived, rebuilt if missing
//	index/00000001.key  which of its events have a category, a type, a tag; likewise
//	index/…-….ids       filters: which of up to 64 segments may have an event id; likewise
//
// # Segment, format version 3
//
// All integers are little-endian; "uvarint" is the encoding of encoding/binary.
// CRC is CRC-32C (Castagnoli), as the hardware computes it.
//
//	segment header, 64 bytes
//	+--------------+-----------+----------------+-----------+-------------+-------+------+-----+
//	| magic, vers. | store id  | first position | number    | base time   | chain | zero | CRC |
//	| 8            | 16        | 8              | 8         | 8 (µs, Unix)| 4     | 8    | 4   |
//	+--------------+-----------+----------------+-----------+-------------+-------+------+-----+
//
//	frame: one append, a dictionary, the control state, or a seal
//	+-----+--------+----------------+-------+--------+----------+------+-------+---------+-----+
//	| CRC | length | first position | count | synced | body CRC | kind | magic | records | end |
//	| 4   | 4      | 8              | 4     | 4      | 4        | 2    | 2     | …       | 1   |
//	+-----+--------+----------------+-------+--------+----------+------+-------+---------+-----+
//	 `----------------------- header, 32 bytes -----------------------´
//
//	kind 1  an append of events            4  an append that changes the control state too
//	     2  a seal, the last of a segment  5  kept for what orders the log of several machines
//	     3  a dictionary                   6  the control state that the log before has left
//
//	record: one event
//	+-----+--------+-------+------------------+---------+----------+---------+------+
//	| CRC | length | flags | name | stream id | version | event id | time    | type |
//	| 4   | uvarint| 1     | string | 16      | uvarint | 16       | uvarint | str. |
//	+-----+--------+-------+------------------+---------+----------+---------+------+
//	| payload, string, if flagged | metadata, string, if flagged | tags, if flagged |
//	+-----------------------------+------------------------------+------------------+
//
// A string is a uvarint length and its bytes; tags are a uvarint count and as many
// strings. A named stream's record holds the name and not the id, which follows from
// it ([StreamID]). Time is µs since the segment's base time, modulo 2⁶⁴: the log's first event
// may bring along a time that is before it. A record's CRC starts
// from its position (8 bytes, then the record from its length on), so that an intact
// record in the wrong place is not taken for the right one; one event of a large
// append is thereby read and verified alone.
//
// A segment may begin with a frame of kind 3, whose body is its dictionary: what the events of the
// segment before have in common. It is written with the segment's first append. A record that is flagged
// as packed has, from the type on, one string instead: an S2 block that continues the dictionary, of
// the fields it replaces. Each record is packed alone, so that any can be read alone. The first
// segment of a store has no dictionary and ends early.
//
// # Control records
//
// An append that changes the control state is a frame of kind 4. Its body begins with the changes, and
// goes on with events, of which there may be none; count is of events. A segment's first group comes
// behind a frame of kind 6, in the same write and sync: the whole state that the log before has left,
// deletions too, in the order of keys. Its bytes do not count towards the segment's size. So a start needs
// the newest segment alone; where that has no group yet, the one before. The first segment needs none.
//
//	control part: the body of kind 6, or what that of kind 4 begins with
//	+---------+---------+------------+
//	| changes | records | record …   |
//	| uvarint | uvarint |            |
//	+---------+---------+------------+
//
//	control record
//	+-------+--------+---------+---------------------------+
//	| flags | key    | version | value, unless it is       |
//	| 1     | string | uvarint | flagged as deleted, string|
//	+-------+--------+---------+---------------------------+
//
// "changes" counts the frames of kind 4 of the whole log, this one included: positions do not tell two of
// them without events apart. A record's version is one more than the key had, also of a deletion, so
// that a version names one content for ever.
//
// # Older formats
//
// Segments of versions 1, without dictionaries, and 2, without control records, are read and never appended to.
// The first start of a store that has one as its newest upgrades it; see upgrade.go. The views that older
// stores kept in a file DEFINITIONS become a control record.
//
// # Checksums
//
// The frame's CRC covers the rest of its header and starts from the store's secret, so
// that no client can put bytes into a payload that a scan would take for a frame; the body
// CRC covers all records and the end byte: an append is whole or void. "synced" is the offset in the segment below which
// everything was durable when the frame was written: the start of its commit group.
// "chain" is the CRC of every frame header of the log before it, so that a segment
// follows only its real predecessor. A seal is a frame of kind 2, without events,
// and the last of its segment; its body is the chain up to it.
//
// # A torn tail, and damage
//
// After a crash the log may end in frames that were written and never synced, and so
// never acknowledged. Recovery cuts those, and nothing else. At the first frame that
// does not verify, at offset x of the last segment, it is a torn tail only if all hold:
//
//  1. no intact frame after x has synced > x: such a frame proves that x was durable;
//  2. the CHECKPOINT does not lie beyond x;
//  3. the frame shows what a torn write leaves: the file ends within it, or it ends
//     in zeros (its last byte is never zero), or one of the sectors it spans is zero.
//     Segments are written only once, into zeros, so sectors that did not reach the
//     disk read as zeros. A frame that is all there and does not verify was damaged.
//
// Anything else is a [CorruptionError], and the store does not open. What recovery keeps
// may have been read from memory that no sync has reached, or that a failed sync has left
// looking clean: the last group is written again and synced before anything rests on it.
package engine
