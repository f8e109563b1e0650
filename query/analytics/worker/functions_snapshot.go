//go:build cgo

package worker

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
)

var (
	tUint  = duck.TUint64
	tUints = duck.ListOf(duck.TUint64)
)

func uintFunction(name string, args []*duck.Type, f func(in []vector, i int) (uint64, error)) *duck.Function {
	return function(name, tUint, args, func(in []vector, i int, out *writer) error {
		n, err := f(in, i)
		out.SetUint64(i, n)
		return err
	})
}

func moveLSN(name string, f func(lsn uint64, n pgfn.Numeric) (uint64, error)) *duck.Function {
	return uintFunction(name, types(tUint, tText), func(in []vector, i int) (uint64, error) {
		n, err := numericOf(&in[1], i)
		if err != nil {
			return 0, err
		}
		return f(in[0].Uint64(i), n)
	})
}

func snapshotPart(name string, f func(s *pgvalue.Snapshot) uint64) *duck.Function {
	return uintFunction(name, types(tText), func(in []vector, i int) (uint64, error) {
		s, err := pgvalue.ParseSnapshot(in[0].Text(i))
		return f(&s), err
	})
}

// snapshotFunctions are those of places in the log, transactions' ids, and snapshots.
func snapshotFunctions() []*duck.Function {
	return []*duck.Function{
		uintFunction("pg_in_lsn", types(tText), func(in []vector, i int) (uint64, error) { return pgvalue.ParseLSN(in[0].Text(i)) }),
		uintFunction("pg_in_xid8", types(tText), func(in []vector, i int) (uint64, error) { return pgvalue.ParseXid8(in[0].Text(i)), nil }),
		bigFunction("pg_in_xid", types(tText), func(in []vector, i int) (int64, error) {
			return int64(uint32(pgvalue.ParseXid8(in[0].Text(i)))), nil
		}),
		textToText("pg_in_snapshot", func(text string) (string, error) {
			s, err := pgvalue.ParseSnapshot(text)
			return s.String(), err
		}),
		textFunction("pg_lsn_text", types(tUint), func(in []vector, i int) (string, error) {
			return string(pgvalue.AppendLSN(nil, in[0].Uint64(i))), nil
		}),
		textFunction("pg_lsn_diff", types(tUint, tUint), func(in []vector, i int) (string, error) {
			return pgfn.LSNDiff(in[0].Uint64(i), in[1].Uint64(i)).String(), nil
		}),
		moveLSN("pg_lsn_add", pgfn.LSNAdd), moveLSN("pg_lsn_subtract", pgfn.LSNSubtract),
		uintFunction("pg_lsn_of", types(tText), func(in []vector, i int) (uint64, error) {
			n, err := numericOf(&in[0], i)
			if err != nil {
				return 0, err
			}
			return pgfn.LSNOf(n)
		}),
		uintFunction("pg_bits_unsigned", types(tBig), func(in []vector, i int) (uint64, error) { return uint64(in[0].Int64(i)), nil }),
		bigFunction("pg_unsigned_bits", types(tUint), func(in []vector, i int) (int64, error) { return int64(in[0].Uint64(i)), nil }),
		snapshotPart("pg_snapshot_low", func(s *pgvalue.Snapshot) uint64 { return s.Xmin }),
		snapshotPart("pg_snapshot_high", func(s *pgvalue.Snapshot) uint64 { return s.Xmax }),
		function("pg_snapshot_running", tUints, types(tText), func(in []vector, i int, out *writer) error {
			s, err := pgvalue.ParseSnapshot(in[0].Text(i))
			if err != nil {
				return err
			}
			items, at := out.BeginList(i, len(s.Xip))
			for k, x := range s.Xip {
				items.SetUint64(at+k, x)
			}
			return nil
		}),
		function("pg_snapshot_sees", tBool, types(tText, tUint), func(in []vector, i int, out *writer) error {
			ok, err := pgfn.VisibleIn(in[1].Uint64(i), in[0].Text(i))
			out.SetBool(i, ok)
			return err
		}),
		// of an id, the next that there will be, and the transaction's own, 0 if it has none
		function("pg_xid_status", tText, types(tUint, tUint, tUint), func(in []vector, i int, out *writer) error {
			status, ok, err := pgfn.XactStatus(in[0].Uint64(i), in[1].Uint64(i), in[2].Uint64(i))
			if !ok {
				out.SetNull(i)
				return err
			}
			out.SetText(i, status)
			return err
		}),
	}
}
