package copyin

import (
	"errors"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/copyfmt"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/proposal"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Condition is the WHERE of COPY FROM. It sees a row as it was read, before what an event must have is looked
// at; the session's goroutine alone uses it.
type Condition struct {
	where   *expr.Scalar
	e       expr.Env
	values  [relation.EventColumns]pgvalue.Value
	refused error // what is wrong with the row, if it is taken
	met     pgvalue.Value
	rows    int
}

// NewCondition returns the condition for a COPY that begins. One that names no column is evaluated once, before.
func NewCondition(where *expr.Scalar, host expr.Host) (*Condition, error) {
	c := &Condition{where: where, e: expr.Env{Host: host}}
	c.e.Row.Copied = &c.values
	if !where.Constant {
		return c, nil
	}
	return c, where.Eval(&c.e, &c.met)
}

// begin makes ready for a row.
func (c *Condition) begin() {
	c.values = [relation.EventColumns]pgvalue.Value{}
	c.refused = nil
}

// keeps tells whether the row is taken. err is why it cannot be read.
func (c *Condition) keeps(r *copyfmt.Reader, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	v := &c.values
	if v[relation.EventStream].Kind != pgvalue.Null {
		v[relation.EventCategory] = pgvalue.TextValue(engine.Category(v[relation.EventStream].Text))
		if v[relation.EventStreamID].Kind == pgvalue.Null {
			v[relation.EventStreamID] = pgvalue.UUIDValue(engine.StreamID(v[relation.EventStream].Text))
		}
	}
	if v[relation.EventPayloadBytes].Kind == pgvalue.Null {
		v[relation.EventPayloadBytes] = v[relation.EventPayload]
	}
	c.e.NextRow()
	if c.rows++; c.rows%64 == 0 {
		if err := c.e.Look(); err != nil {
			return false, err
		}
	}
	if err := c.where.Eval(&c.e, &c.met); err != nil {
		return false, err
	}
	if c.met.Kind == pgvalue.Null || !c.met.Bool() {
		return false, nil
	}
	return true, c.refused
}

// CompileWhere compiles the condition of COPY FROM, of rows with these columns of events; imports: a time may be among them.
func CompileWhere(c *expr.Compiler, columns []int, x syntax.Expr, imports bool) (*expr.Scalar, error) {
	var err error
	refuse := func(e *pgerror.Error, at syntax.Expr) {
		if err == nil {
			err = c.At(e, at.Position())
		}
	}
	expr.Walk(x, func(x syntax.Expr) {
		switch y := x.(type) {
		case *syntax.ParamExpr:
			refuse(pgerror.Errorf(pgerror.UndefinedParameter, "there is no parameter $%d", y.N), x)
		case *syntax.UnsupportedExpr:
			switch y.What {
			case "a subquery", "EXISTS":
				refuse(pgerror.Errorf(pgerror.FeatureNotSupported, "cannot use subquery in COPY FROM WHERE condition"), x)
			}
		case *syntax.CallExpr:
			switch {
			case y.Unsupported == "a window function":
				refuse(pgerror.Errorf(pgerror.WindowingError, "window functions are not allowed in COPY FROM WHERE conditions"), x)
			case expr.IsAggregate(x):
				refuse(pgerror.Errorf(pgerror.GroupingError, "aggregate functions are not allowed in COPY FROM WHERE conditions"), x)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	given := map[int]bool{relation.EventStreamID: true, relation.EventStream: true, relation.EventType: true, relation.EventPayload: true, relation.EventMetadata: true, relation.EventTags: true, relation.EventCategory: true, relation.EventPayloadBytes: true}
	for _, i := range columns {
		given[i] = true
	}
	for i := range given {
		given[i] = !proposal.Assigns(i, imports)
	}
	expr.Walk(x, func(x syntax.Expr) {
		if ref, ok := x.(*syntax.ColumnExpr); ok {
			if i, ok := relation.Events.ByName[ref.Column]; ok && !given[i] {
				refuse(pgerror.Errorf(pgerror.FeatureNotSupported, "column \"%s\" has no value yet in COPY FROM WHERE", ref.Column).
					WithHint("It gets one when the event is appended."), x)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	c.Rel, c.Alias = relation.Events, relation.Events.Name
	s, err := c.Boolean(x, "WHERE")
	c.Rel, c.Alias = nil, ""
	if of := new(pgerror.Error); errors.As(err, &of) && of.Code == pgerror.FeatureNotSupported {
		e := *of
		e.Detail, e.Hint = "Conditions of COPY know fewer expressions than SELECT does.", "Leave out rows before they are sent, or with INSERT … SELECT."
		return nil, &e
	}
	return s, err
}
