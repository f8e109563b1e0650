package engine

import (
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"github.com/eventgres/eventgres/engine/vfs"
)

// Index files consist of blocks of 4 KiB, each with its own checksum, so that a
// look-up verifies what it reads and no more.
const (
	blockSize    = 4096
	blockPayload = blockSize - 4
)

type block [blockSize]byte

func blockCRC(number uint32, payload []byte) uint32 {
	var seed [4]byte
	le.PutUint32(seed[:], number)
	return crc32.Update(crc32.Checksum(seed[:], castagnoli), castagnoli, payload)
}

// blockCache holds blocks that were read and verified. It has a fixed number of
// slots, two to a set; a block that is pushed out lives on while a reader has it.
// All methods may be called concurrently.
type blockCache struct {
	slots []atomic.Pointer[cachedBlock]
}

type cachedBlock struct {
	file   uint64 // unique to an open index file
	number uint32
	data   block
}

// defaultCacheBlocks makes 32 MiB.
const defaultCacheBlocks = 8192

func newBlockCache(blocks int) *blockCache {
	return &blockCache{slots: make([]atomic.Pointer[cachedBlock], blocks&^1)}
}

// get returns a block of the file, verified.
func (c *blockCache) get(f *blockFile, number uint32) (*block, error) {
	set := (f.key*0x9E3779B97F4A7C15 ^ uint64(number)*0xD6E8FEB86659FD93) >> 20 % uint64(len(c.slots)/2) * 2
	for i := set; i < set+2; i++ {
		if b := c.slots[i].Load(); b != nil && b.file == f.key && b.number == number {
			return &b.data, nil
		}
	}
	b := &cachedBlock{file: f.key, number: number}
	if err := f.read(number, &b.data); err != nil {
		return nil, err
	}
	c.slots[set+1].Store(c.slots[set].Swap(b))
	return &b.data, nil
}

// blockFile is an open index file.
type blockFile struct {
	file vfs.File
	name string
	key  uint64
}

func (f *blockFile) read(number uint32, b *block) error {
	offset := int64(number) * blockSize
	if _, err := f.file.ReadAt(b[:], offset); err != nil {
		return fmt.Errorf("read %s: %w", f.name, err)
	}
	if le.Uint32(b[blockPayload:]) != blockCRC(number, b[:blockPayload]) && !failpoint(bugSkipBlockCRC) {
		return &CorruptionError{File: f.name, Offset: offset, Reason: "index block checksum; delete the file to have it rebuilt"}
	}
	return nil
}

// blockWriter lays entries of fixed size into blocks; an entry never spans two.
type blockWriter struct {
	buf     []byte // whole blocks, and the one being filled
	fill    int    // bytes used of the block being filled
	blocks  uint32 // begun
	flushed uint32
	file    vfs.File
	err     error
}

// align begins a new block, the start of a section, and returns its number.
func (w *blockWriter) align() uint32 {
	w.begin()
	return w.blocks - 1
}

func (w *blockWriter) begin() {
	w.seal()
	// Written out a mebibyte at a time: few system calls, little memory.
	if len(w.buf) >= 1<<20 {
		w.flush()
	}
	w.buf = append(w.buf, make([]byte, blockSize)...)
	w.blocks++
	w.fill = 0
}

func (w *blockWriter) seal() {
	if len(w.buf) == 0 {
		return
	}
	b := w.buf[len(w.buf)-blockSize:]
	le.PutUint32(b[blockPayload:], blockCRC(w.blocks-1, b[:blockPayload]))
}

// entry returns room for an entry of n bytes.
func (w *blockWriter) entry(n int) []byte {
	if w.fill+n > blockPayload {
		w.begin()
	}
	at := len(w.buf) - blockSize + w.fill
	w.fill += n
	return w.buf[at : at+n]
}

func (w *blockWriter) flush() {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.file.WriteAt(w.buf, int64(w.flushed)*blockSize)
		w.flushed += uint32(len(w.buf) / blockSize)
	}
	w.buf = w.buf[:0]
}

// finish writes what is left and syncs.
func (w *blockWriter) finish() error {
	w.seal()
	w.flush()
	if w.err != nil {
		return w.err
	}
	return w.file.SyncData()
}
