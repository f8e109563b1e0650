package expr

import (
	"errors"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// callOwn compiles a call of a function that PostgreSQL has not, and that does something.
func (c *Compiler) callOwn(f *Function, x *syntax.CallExpr) (*Scalar, error) {
	if err := c.Usable(f.Schema, x.Pos); err != nil {
		return nil, err
	}
	args, err := c.Arguments(f.Own, x)
	if err != nil {
		return nil, c.Final(err)
	}
	return f.called(args), nil
}

// Usable checks that the session may use a schema that is not everybody's.
func (c *Compiler) Usable(schema string, pos int) error {
	u, ok := c.Host.(interface{ UsesSchema(name string) error })
	if !ok || schema != searchpath.MessageStore {
		return nil
	}
	err := u.UsesSchema(schema)
	var e *pgerror.Error
	if errors.As(err, &e) {
		c.Own = true
		return c.At(e, pos)
	}
	return err
}

// Final notes of an error that nobody else would answer otherwise.
func (c *Compiler) Final(err error) error {
	var e *pgerror.Error
	if errors.As(err, &e) && e.Code != pgerror.FeatureNotSupported {
		c.Own = true
	}
	return err
}

// Arguments compiles the arguments of a call of a function that PostgreSQL has not: as many as it takes, of its types. The worker knows none of
// these functions: what an argument means the native path must know.
func (c *Compiler) Arguments(f *relation.Function, x *syntax.CallExpr) ([]*Scalar, error) {
	selecting := c.Selecting
	c.Selecting = false
	defer func() { c.Selecting = selecting }()
	given := make([]*Scalar, len(x.Args))
	for i, a := range x.Args {
		var err error
		if given[i], err = c.Compile(a); err != nil {
			return nil, err
		}
	}
	args := make([]*Scalar, len(f.Args))
	fits := len(given) <= len(args)
	for i := 0; i < len(given) && fits; i++ {
		at := i
		if x.ArgNames != nil && x.ArgNames[i] != "" {
			at = slices.Index(f.ArgNames[:len(f.Args)], x.ArgNames[i])
		}
		if fits = at >= 0 && args[at] == nil; !fits {
			break
		}
		var err error
		if args[at], fits, err = c.argument(given[i], f.Args[at]); err != nil {
			return nil, err
		}
	}
	for i := range args {
		if args[i] != nil || !fits {
			continue
		}
		n := i - (len(args) - len(f.Defaults))
		if fits = n >= 0; fits {
			var err error
			if args[i], err = c.defaultValue(f.Defaults[n], f.Args[i]); err != nil {
				return nil, err
			}
		}
	}
	if !fits {
		return nil, c.noFunction(x, given)
	}
	return args, nil
}

// argument is an argument of a type; ok is false if it is of another.
func (c *Compiler) argument(s *Scalar, want uint32) (_ *Scalar, ok bool, err error) {
	widens := isInteger(s.OID) && isInteger(want) && pgvalue.TypeSize(s.OID) <= pgvalue.TypeSize(want)
	if s.OID != pgvalue.OIDUnknown && s.OID != want && !widens && !(IsText(s.OID) && IsText(want)) {
		return nil, false, nil
	}
	if s, err = c.Resolve(s, want); err != nil || s.OID == want {
		return s, true, err
	}
	s, ok = Convert(s, want, c.Zone)
	return s, ok, nil
}

// defaultValue is the value of an argument that is left out.
func (c *Compiler) defaultValue(text string, oid uint32) (*Scalar, error) {
	if text == "NULL" {
		return nullScalar(oid, 0), nil
	}
	v, err := pgvalue.ParseText(oid, strings.Trim(text, "'"), c.Zone())
	if err != nil {
		return nil, pgerror.Errorf(pgerror.InternalError, "a default cannot be read: %s", text)
	}
	return constScalar(oid, v, 0), nil
}
