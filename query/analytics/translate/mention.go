//go:build cgo

package translate

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/failpoint"
	"github.com/eventgres/eventgres/query/relation"
)

// mention is events or streams where a query's FROM names them once, with the conditions that every row of it meets which the query makes something of: those
// that are AND-ed in WHERE or ON of its own query, and speak of its columns alone, and of constants and parameters.
type mention struct {
	analytics.Mention
	// nullable: an outer join makes rows without it. A condition above that join says nothing of it then: an event that does not meet it may take away a
	// row that stands there for lack of one.
	nullable bool
}

// mention notes that a relation of events is named, if it is one and somebody wants to know.
func (c *compiler) mention(rel *Relation, r *rte) {
	if rel.Schema != "public" || rel.Name != relation.Events.Name && rel.Name != relation.Streams.Name {
		return
	}
	c.query.takes = true
	if c.options.Mentions {
		r.mention = &mention{Mention: analytics.Mention{Relation: rel.Name, As: c.as}}
		c.mentions = append(c.mentions, r.mention)
	}
}

// narrow adds the parts of a condition to the mentions that each speaks of alone, of those below items that may has. The condition was compiled.
func (c *compiler) narrow(condition *pg.Node, items []*fromItem, may func(*mention) bool) {
	if len(c.mentions) == 0 || condition == nil || c.foreign > 0 {
		return
	}
	s := &scope{items: items}
	for _, part := range conjuncts(nil, condition) {
		part = proto.Clone(part).(*pg.Node)
		only, ok := c.onlyMention(part, s)
		if !ok {
			continue
		}
		text, ok := c.conditionText(part)
		for _, item := range items {
			for _, r := range item.rels {
				if m := r.mention; ok && m != nil && (m == only || only == nil) && (!m.nullable || failpoint.On(failpoint.NullableSide)) && may(m) {
					m.Conditions = append(m.Conditions, text)
				}
			}
		}
	}
}

// onlyMention is the one mention whose columns are all that a part of a condition names; nil if it names none. ok is false where it names something else, or asks
// a query. It makes the names of columns those of the relation.
func (c *compiler) onlyMention(part *pg.Node, s *scope) (found *mention, ok bool) {
	ok = true
	walkNodes(part.ProtoReflect(), func(m protoreflect.Message) bool {
		switch x := m.Interface().(type) {
		case *pg.SubLink:
			ok = false
		case *pg.ColumnRef:
			col := c.columnOf(x, s)
			if col == nil || col.base == "" || col.of == nil || col.of.mention == nil || found != nil && col.of.mention != found {
				ok = false
				break
			}
			found = col.of.mention
			x.Fields = []*pg.Node{pg.MakeStrNode(col.base)}
		}
		return ok
	})
	return found, ok
}

// columnOf is the column of a scope that a reference means, nil if it means something else.
func (c *compiler) columnOf(r *pg.ColumnRef, s *scope) *rtcol {
	var names [3]string // column, table, schema
	if len(r.Fields) > len(names) {
		return nil
	}
	for i, f := range r.Fields {
		if f.GetString_() == nil {
			return nil
		}
		names[len(r.Fields)-1-i] = stringOf(f)
	}
	col, _ := c.lookup(s, names[2], names[1], names[0], -1)
	return col
}

// conditionText writes a condition as SQL.
func (c *compiler) conditionText(n *pg.Node) (string, bool) {
	const before = "SELECT WHERE "
	text, err := pg.Deparse(&pg.ParseResult{Version: c.version, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE, WhereClause: n,
	}}}}}})
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(text, before)
}

// nullable marks what an outer join makes rows without.
func (i *fromItem) nullable() {
	for _, r := range i.rels {
		if r.mention != nil {
			r.mention.nullable = true
		}
	}
}

// mentions tells which mentions are below an item.
func (i *fromItem) mentions(m *mention) bool {
	for _, r := range i.rels {
		if r.mention == m {
			return true
		}
	}
	return false
}

// narrowJoin adds the parts of a join's ON to the mentions that it narrows, and marks those that it makes rows without.
func (c *compiler) narrowJoin(x *pg.JoinExpr, l, r, both *fromItem) {
	switch x.Jointype {
	case pg.JoinType_JOIN_INNER:
		c.narrow(x.Quals, []*fromItem{both}, func(*mention) bool { return true })
	case pg.JoinType_JOIN_LEFT:
		c.narrow(x.Quals, []*fromItem{both}, r.mentions)
		r.nullable()
	case pg.JoinType_JOIN_RIGHT:
		c.narrow(x.Quals, []*fromItem{both}, l.mentions)
		l.nullable()
	default:
		l.nullable()
		r.nullable()
	}
}

// walkNodes calls f with each message of a tree, until it returns false.
func walkNodes(m protoreflect.Message, f func(protoreflect.Message) bool) (more bool) {
	if more = f(m); !more {
		return false
	}
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Kind() != protoreflect.MessageKind:
		case d.IsList():
			for i := 0; i < v.List().Len() && more; i++ {
				more = walkNodes(v.List().Get(i).Message(), f)
			}
		default:
			more = walkNodes(v.Message(), f)
		}
		return more
	})
	return more
}
