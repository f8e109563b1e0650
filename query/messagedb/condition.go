package messagedb

import (
	"strconv"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// ConditionSetting is the setting that lets clients say which messages they want in SQL.
const ConditionSetting = "message_store.sql_condition"

// condition is what a client says of the messages that it wants, an expression over messages.
type condition struct {
	h      Host
	text   string
	native *expr.Scalar // nil: it is the worker's
	env    expr.Env
	row    []pgvalue.Value
}

// searching is a session that finds the functions here without their schema, as the text of one of them would.
type searching struct{ Host }

func (s searching) Searches(schema string) bool {
	return schema == searchpath.MessageStore || s.Host.Searches(schema)
}

// conditionOf reads a condition; nil: there is none.
func conditionOf(h Host, v *pgvalue.Value) (*condition, error) {
	if v.Kind == pgvalue.Null {
		return nil, nil
	}
	switch strings.ToLower(h.Setting(ConditionSetting)) {
	case "on", "true", "1", "yes":
	default:
		return nil, raised("Retrieval with SQL condition is not activated")
	}
	if err := closed(v.Text); err != nil {
		return nil, err
	}
	c := &condition{h: h, text: v.Text}
	x, src, err := syntax.ParseCondition(v.Text)
	if err != nil {
		return nil, unplaced(err)
	}
	if x == nil {
		return c, nil
	}
	compiler := &expr.Compiler{Src: src, Host: searching{h}, Rel: relation.Messages, Alias: relation.Messages.Name, Exact: true}
	if native, err := compiler.Boolean(x, "WHERE"); err == nil && len(compiler.Params) == 0 {
		if compiler.Effects {
			return nil, pgerror.Errorf(pgerror.FeatureNotSupported, "a condition that writes is not supported")
		}
		c.native, c.env = native, expr.Env{Host: h}
		c.row = make([]pgvalue.Value, len(relation.Messages.Columns))
	}
	return c, nil
}

// unplaced is an error without its place, which is in a text that nobody has sent.
func unplaced(err error) error {
	if e, ok := err.(*pgerror.Error); ok && e.Position != 0 {
		out := *e
		out.Position = 0
		return &out
	}
	return err
}

// closed checks that a condition is one expression: in parentheses it stays within them.
func closed(text string) error {
	l := &syntax.Lexer{Src: text}
	depth := 0
	for {
		t, err := l.Next()
		if err != nil {
			return unplaced(err)
		}
		if t.Kind == syntax.TokEOF {
			return nil
		}
		switch text[t.Pos:t.End] {
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \")\"")
			}
		case ";":
			return pgerror.Errorf(pgerror.SyntaxError, "syntax error at or near \";\"")
		}
	}
}

// meets tells whether a message is wanted.
func (c *condition) meets(e *engine.RecordedEvent) (bool, error) {
	Message(e, c.row)
	c.env.NextRow()
	c.env.Row.Role = c.row
	return c.env.Meets(c.native)
}

// selected has the worker find messages, among those that meet bounds, a condition of ours over parameters.
func (c *condition) selected(bounds string, n int64, oids []uint32, params []pgvalue.Value) (Rows, error) {
	query := "SELECT messages.id::varchar, messages.stream_name::varchar, messages.type::varchar, messages.position, messages.global_position, " +
		"messages.data::varchar, messages.metadata::varchar, messages.time FROM message_store.messages WHERE " + bounds + " AND (" + c.text + "\n) ORDER BY messages.global_position"
	if n >= 0 {
		query += " LIMIT " + strconv.FormatInt(n, 10)
	}
	next, err := c.h.Select(query, oids, params)
	return next, unplaced(err)
}

// ofCategory has the worker find messages of a category.
func (c *condition) ofCategory(a []pgvalue.Value, n, from int64) (Rows, error) {
	bounds := "category(stream_name) = $1 AND global_position >= $2"
	oids, params := []uint32{pgvalue.OIDVarchar, pgvalue.OIDInt8}, []pgvalue.Value{a[argCategory], pgvalue.IntValue(from)}
	if a[argCorrelation].Kind != pgvalue.Null {
		oids, params = append(oids, pgvalue.OIDVarchar), append(params, a[argCorrelation])
		bounds += " AND category(metadata->>'correlationStreamName') = $" + strconv.Itoa(len(params))
	}
	if a[argSize].Kind != pgvalue.Null {
		oids, params = append(oids, pgvalue.OIDInt8, pgvalue.OIDInt8), append(params, a[argMember], a[argSize])
		bounds += " AND mod(abs(hash_64(cardinal_id(stream_name))), $" + strconv.Itoa(len(params)) + ") = $" + strconv.Itoa(len(params)-1)
	}
	return c.selected(bounds, n, oids, params)
}
