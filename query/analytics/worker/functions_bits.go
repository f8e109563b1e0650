//go:build cgo

package worker

import (
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

// bytesFunction is a function that returns a bytea of its arguments.
func bytesFunction(name string, args []*duck.Type, f func(in []vector, i int) ([]byte, error)) *duck.Function {
	return function(name, tBlob, args, func(in []vector, i int, out *writer) error {
		b, err := f(in, i)
		if err == nil {
			out.SetBytes(i, b)
		}
		return err
	})
}

func textFunction(name string, args []*duck.Type, f func(in []vector, i int) (string, error)) *duck.Function {
	return function(name, tText, args, func(in []vector, i int, out *writer) error {
		s, err := f(in, i)
		if err == nil {
			out.SetText(i, s)
		}
		return err
	})
}

func intFunction(name string, args []*duck.Type, f func(in []vector, i int) (int, error)) *duck.Function {
	return function(name, tInt, args, func(in []vector, i int, out *writer) error {
		n, err := f(in, i)
		out.SetInt32(i, int32(n))
		return err
	})
}

func bigFunction(name string, args []*duck.Type, f func(in []vector, i int) (int64, error)) *duck.Function {
	return function(name, tBig, args, func(in []vector, i int, out *writer) error {
		n, err := f(in, i)
		out.SetInt64(i, n)
		return err
	})
}

// bitFunctions are those of bit strings, of the bytes of byteas, and hashes.
func bitFunctions() []*duck.Function {
	return []*duck.Function{
		textFunction("pg_in_bits", types(tText), func(in []vector, i int) (string, error) { return pgfn.ParseBits(in[0].Text(i)) }),
		textFunction("pg_bits_cut", types(tText, tInt, tBool), func(in []vector, i int) (string, error) {
			return pgfn.CutBits(in[0].Text(i), int(in[1].Int32(i)), in[2].Bool(i))
		}),
		textFunction("pg_bits_of_int", types(tBig, tInt, tInt), func(in []vector, i int) (string, error) {
			return pgfn.BitsOfInt(in[0].Int64(i), int(in[1].Int32(i)), int(in[2].Int32(i)))
		}),
		bigFunction("pg_int_of_bits", types(tText, tInt), func(in []vector, i int) (int64, error) {
			return pgfn.IntOfBits(in[0].Text(i), int(in[1].Int32(i)))
		}),
		textFunction("pg_bits_op", types(tText, tText, tText), func(in []vector, i int) (string, error) {
			return pgfn.BitsOp(in[0].Text(i), in[1].Text(i), in[2].Text(i))
		}),
		textFunction("pg_bits_not", types(tText), func(in []vector, i int) (string, error) { return pgfn.NotBits(in[0].Text(i)), nil }),
		textFunction("pg_bits_shift", types(tText, tBig), func(in []vector, i int) (string, error) {
			return pgfn.ShiftBits(in[0].Text(i), int(in[1].Int64(i))), nil
		}),
		intFunction("pg_get_bit", types(tText, tInt), func(in []vector, i int) (int, error) {
			return pgfn.GetBit(in[0].Text(i), int(in[1].Int32(i)))
		}),
		textFunction("pg_set_bit", types(tText, tInt, tInt), func(in []vector, i int) (string, error) {
			return pgfn.SetBit(in[0].Text(i), int(in[1].Int32(i)), int(in[2].Int32(i)))
		}),
		textFunction("pg_bits_overlay", types(tText, tText, tInt, tInt), func(in []vector, i int) (string, error) {
			return pgfn.Overlay(in[0].Text(i), in[1].Text(i), int(in[2].Int32(i)), int(in[3].Int32(i)))
		}),
		intFunction("pg_get_byte", types(tBlob, tInt), func(in []vector, i int) (int, error) {
			return pgfn.GetByte(in[0].Bytes(i), int(in[1].Int32(i)))
		}),
		bytesFunction("pg_set_byte", types(tBlob, tInt, tInt), func(in []vector, i int) ([]byte, error) {
			return pgfn.SetByte(in[0].Bytes(i), int(in[1].Int32(i)), int(in[2].Int32(i)))
		}),
		intFunction("pg_get_bytea_bit", types(tBlob, tBig), func(in []vector, i int) (int, error) {
			return pgfn.GetByteaBit(in[0].Bytes(i), in[1].Int64(i))
		}),
		bytesFunction("pg_set_bytea_bit", types(tBlob, tBig, tInt), func(in []vector, i int) ([]byte, error) {
			return pgfn.SetByteaBit(in[0].Bytes(i), in[1].Int64(i), int(in[2].Int32(i)))
		}),
		bigFunction("pg_bit_count", types(tBlob), func(in []vector, i int) (int64, error) { return pgfn.BitCount(in[0].Bytes(i)), nil }),
		bytesFunction("pg_bytes_substring_from", types(tBlob, tInt), func(in []vector, i int) ([]byte, error) {
			return pgfn.BytesSubstringFrom(in[0].Bytes(i), int(in[1].Int32(i))), nil
		}),
		bytesFunction("pg_bytes_substring", types(tBlob, tInt, tInt), func(in []vector, i int) ([]byte, error) {
			return pgfn.BytesSubstring(in[0].Bytes(i), int(in[1].Int32(i)), int(in[2].Int32(i)))
		}),
		bytesFunction("pg_bytes_overlay", types(tBlob, tBlob, tInt, tInt), func(in []vector, i int) ([]byte, error) {
			return pgfn.BytesOverlay(in[0].Bytes(i), in[1].Bytes(i), int(in[2].Int32(i)), int(in[3].Int32(i)))
		}),
		intFunction("pg_bytes_position", types(tBlob, tBlob), func(in []vector, i int) (int, error) {
			return pgfn.BytesPosition(in[0].Bytes(i), in[1].Bytes(i)), nil
		}),
		bytesFunction("pg_bytes_trim", types(tBlob, tBlob, tBool, tBool), func(in []vector, i int) ([]byte, error) {
			return pgfn.BytesTrim(in[0].Bytes(i), in[1].Bytes(i), in[2].Bool(i), in[3].Bool(i)), nil
		}),
		function("pg_bytes_like", tBool, types(tBlob, tBlob), func(in []vector, i int, out *writer) error {
			ok, err := pgfn.BytesLike(in[0].Bytes(i), in[1].Bytes(i))
			out.SetBool(i, ok)
			return err
		}),
		// Hashes: of 32 bits without a seed, of 64 with one.
		bigFunction("pg_hash_text", types(tText, tBig), func(in []vector, i int) (int64, error) {
			return int64(pgfn.HashBytes(in[0].Bytes(i), uint64(in[1].Int64(i)))), nil
		}),
		bigFunction("pg_hash_bytes", types(tBlob, tBig), func(in []vector, i int) (int64, error) {
			return int64(pgfn.HashBytes(in[0].Bytes(i), uint64(in[1].Int64(i)))), nil
		}),
		bigFunction("pg_hash_int4", types(tBig, tBig), func(in []vector, i int) (int64, error) {
			return int64(pgfn.HashUint32(uint32(in[0].Int64(i)), uint64(in[1].Int64(i)))), nil
		}),
		bigFunction("pg_hash_int8", types(tBig, tBig), func(in []vector, i int) (int64, error) {
			return int64(pgfn.HashInt64(in[0].Int64(i), uint64(in[1].Int64(i)))), nil
		}),
		bigFunction("pg_hash_float8", types(tDouble, tBig), func(in []vector, i int) (int64, error) {
			return int64(pgfn.HashFloat(in[0].Double(i), uint64(in[1].Int64(i)))), nil
		}),
		intFunction("pg_hash_half", types(tBig), func(in []vector, i int) (int, error) { return int(int32(in[0].Int64(i))), nil }),
	}
}
