package pgfn

import (
	"math/big"
	"slices"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// LSNDiff is how many bytes lie between two places in a log.
func LSNDiff(a, b uint64) Numeric {
	n := new(big.Int).SetUint64(a)
	return NumericFromBigInt(n.Sub(n, new(big.Int).SetUint64(b)))
}

// LSNAdd moves a place in a log by a number of bytes, LSNSubtract back.
func LSNAdd(lsn uint64, n Numeric) (uint64, error) {
	if n.IsNaN() {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot add NaN to pg_lsn")
	}
	return moved(lsn, n)
}

// LSNSubtract is LSNAdd the other way.
func LSNSubtract(lsn uint64, n Numeric) (uint64, error) {
	if n.IsNaN() {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot subtract NaN from pg_lsn")
	}
	return moved(lsn, n.Neg())
}

// LSNOf is the place in a log that a number is.
func LSNOf(n Numeric) (uint64, error) {
	if n.IsNaN() {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot convert NaN to pg_lsn")
	}
	return moved(0, n)
}

func moved(lsn uint64, n Numeric) (uint64, error) {
	if n.IsInf() {
		return 0, pgerror.Errorf(pgerror.FeatureNotSupported, "cannot convert infinity to pg_lsn")
	}
	sum, err := NumericFromBigInt(new(big.Int).SetUint64(lsn)).Add(n)
	if err != nil {
		return 0, err
	}
	if u := sum.Round(0).unscaled(); u.IsUint64() {
		return u.Uint64(), nil
	}
	return 0, pgerror.Errorf(pgerror.InvalidParameterValue, "pg_lsn out of range")
}

// VisibleIn tells whether a snapshot sees what a transaction did.
func VisibleIn(xid uint64, snapshot string) (bool, error) {
	s, err := pgvalue.ParseSnapshot(snapshot)
	if err != nil {
		return false, err
	}
	_, running := slices.BinarySearch(s.Xip, xid)
	return xid < s.Xmin || xid < s.Xmax && !running, nil
}

// firstXid is the first id that a transaction may have; PostgreSQL keeps those below for itself.
const firstXid = 3

// XactStatus tells what became of a transaction; next is the id that none has had yet, own the one that the
// session's has, 0 if it has none. Of ids that none ever has there is nothing to tell.
func XactStatus(xid, next, own uint64) (status string, ok bool, err error) {
	switch {
	case xid == 0:
		return "", false, nil
	case xid < firstXid:
		return "committed", true, nil
	case own != 0 && xid == own:
		return "in progress", true, nil
	case xid >= next:
		return "", false, pgerror.Errorf(pgerror.InvalidParameterValue, "transaction ID %d is in the future", xid)
	}
	return "committed", true, nil
}
