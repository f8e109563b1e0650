package engine

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/eventgres/eventgres/engine/vfs"
)

// RaftFile is the file of a data directory that says which member of a cluster it belongs to.
const RaftFile = "RAFT"

// OldRaft is behind its name while and after a member that is left alone has become the first of a cluster of its own.
const OldRaft = ".old"

// ErrMember is of a directory that belongs to a member of a cluster and is opened as a single node's.
var ErrMember = errors.New("the directory belongs to a member of a cluster")

// Ballot is what a member of a cluster must not forget: who it is, where its entries begin, and whom it has voted for. It is the file RAFT.
type Ballot struct {
	Node       uint64 // random, made with the directory: a node that lost its disk comes back as another
	Name       string
	Base       ReplicaBase // Segment 0: it is no member yet
	Voters     []uint64    // that the cluster began with
	Term, Vote uint64
}

const ballotFormat = "eventgres member, format 1\nnode %016x\nname %q\nbase segment %d index %d term %d joined %d\nvoters %q\nterm %d vote %016x\n"

// ReadBallot reads the file RAFT of a data directory; the error wraps fs.ErrNotExist where there is none.
func ReadBallot(fsys vfs.FS, dir string) (b Ballot, err error) {
	if fsys == nil {
		fsys = vfs.OS
	}
	name := filepath.Join(dir, RaftFile)
	text, err := readCheckedUpTo(fsys, name, 64<<10)
	if err != nil {
		return b, err
	}
	var text16 string
	_, err = fmt.Sscanf(text, ballotFormat, &b.Node, &b.Name, &b.Base.Segment, &b.Base.Index, &b.Base.Term, &b.Base.Joined, &text16, &b.Term, &b.Vote)
	voters, bad := hex.DecodeString(text16)
	if err = errors.Join(err, bad); err != nil || len(voters)%8 != 0 {
		return b, &CorruptionError{File: name, Reason: fmt.Sprintf("cannot be read: %v", err)}
	}
	for ; len(voters) > 0; voters = voters[8:] {
		b.Voters = append(b.Voters, be.Uint64(voters))
	}
	return b, nil
}

// Write replaces the file, durably.
func (b *Ballot) Write(fsys vfs.FS, dir string) error {
	if fsys == nil {
		fsys = vfs.OS
	}
	voters := make([]byte, 0, 8*len(b.Voters))
	for _, v := range b.Voters {
		voters = be.AppendUint64(voters, v)
	}
	text := fmt.Sprintf(ballotFormat, b.Node, b.Name, b.Base.Segment, b.Base.Index, b.Base.Term, b.Base.Joined, hex.EncodeToString(voters), b.Term, b.Vote)
	return writeChecked(fsys, filepath.Join(dir, RaftFile), text)
}
