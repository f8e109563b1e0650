package pgfn

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The hash functions of PostgreSQL's hash indexes and partitions, whose values programs
// keep: Bob Jenkins's lookup3 as PostgreSQL has it, byte order little-endian.

type hashState struct{ a, b, c uint32 }

// newHash begins a hash of n bytes with a seed, 0 for none.
func newHash(n int, seed uint64) hashState {
	init := uint32(0x9e3779b9) + uint32(n) + 3923095
	h := hashState{init, init, init}
	if seed != 0 {
		h.a += uint32(seed >> 32)
		h.b += uint32(seed)
		h.mix()
	}
	return h
}

func (h *hashState) mix() {
	a, b, c := h.a, h.b, h.c
	a -= c
	a ^= bits.RotateLeft32(c, 4)
	c += b
	b -= a
	b ^= bits.RotateLeft32(a, 6)
	a += c
	c -= b
	c ^= bits.RotateLeft32(b, 8)
	b += a
	a -= c
	a ^= bits.RotateLeft32(c, 16)
	c += b
	b -= a
	b ^= bits.RotateLeft32(a, 19)
	a += c
	c -= b
	c ^= bits.RotateLeft32(b, 4)
	b += a
	h.a, h.b, h.c = a, b, c
}

func (h *hashState) sum() uint64 {
	a, b, c := h.a, h.b, h.c
	c ^= b
	c -= bits.RotateLeft32(b, 14)
	a ^= c
	a -= bits.RotateLeft32(c, 11)
	b ^= a
	b -= bits.RotateLeft32(a, 25)
	c ^= b
	c -= bits.RotateLeft32(b, 16)
	a ^= c
	a -= bits.RotateLeft32(c, 4)
	b ^= a
	b -= bits.RotateLeft32(a, 14)
	c ^= b
	c -= bits.RotateLeft32(b, 24)
	return uint64(b)<<32 | uint64(c)
}

// HashBytes hashes bytes, as hashtext and hashtextextended do. Its lower half, with seed 0, is the
// hash of 32 bits.
func HashBytes(k []byte, seed uint64) uint64 {
	h := newHash(len(k), seed)
	for ; len(k) >= 12; k = k[12:] {
		h.a += binary.LittleEndian.Uint32(k)
		h.b += binary.LittleEndian.Uint32(k[4:])
		h.c += binary.LittleEndian.Uint32(k[8:])
		h.mix()
	}
	for i, x := range k { // the lowest byte of c is the length's
		switch v := uint32(x); {
		case i < 4:
			h.a += v << (8 * i)
		case i < 8:
			h.b += v << (8 * (i - 4))
		default:
			h.c += v << (8 * (i - 7))
		}
	}
	return h.sum()
}

// HashUint32 hashes an integer of 32 bits.
func HashUint32(k uint32, seed uint64) uint64 {
	h := newHash(4, seed)
	h.a += k
	return h.sum()
}

// HashInt64 hashes a bigint, to the same as an integer of its value.
func HashInt64(v int64, seed uint64) uint64 {
	low, high := uint32(v), uint32(v>>32)
	if v < 0 {
		high = ^high
	}
	return HashUint32(low^high, seed)
}

// HashFloat hashes a double precision; all zeros and all NaNs are one.
func HashFloat(f float64, seed uint64) uint64 {
	if f == 0 {
		return seed
	}
	if math.IsNaN(f) {
		f = math.Float64frombits(0x7ff8000000000000)
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(f))
	return HashBytes(b[:], seed)
}
