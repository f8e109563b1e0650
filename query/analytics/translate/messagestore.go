//go:build cgo

package translate

import (
	"slices"
	"strings"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
)

// Functions of Message DB's that return messages are queries over its relation, in which arguments stand for parameters. The names with a blank are of
// functions that nobody can call otherwise: they check arguments.
var messageQueries = map[string]string{
	relation.StreamMessages.Name: messageColumns + `
	FROM (SELECT "message stream"($1::varchar) AS stream_name, coalesce($2::bigint, 0) AS "position", "message batch"($3::bigint) AS batch_size, "message condition"($4::varchar) AS condition) AS a,
		message_store.messages AS m
	WHERE m.stream_name = a.stream_name AND m.position >= a.position AND a.condition IS NULL) AS q WHERE (q.n <= q.batch_size OR q.batch_size = -1) ORDER BY q.global_position`,
	relation.CategoryMessages.Name: messageColumns + `
	FROM (SELECT "message category"($1::varchar, $4::varchar, $5::bigint, $6::bigint) AS category, coalesce($2::bigint, 1) AS "position", "message batch"($3::bigint) AS batch_size,
			$4::varchar AS correlation, $5::bigint AS member, $6::bigint AS size, "message condition"($7::varchar) AS condition) AS a,
		message_store.messages AS m
	WHERE message_store.category(m.stream_name) = a.category AND m.global_position >= a.position AND a.condition IS NULL
		AND (a.correlation IS NULL OR message_store.category(m.metadata->>'correlationStreamName') = a.correlation)
		AND (a.size IS NULL OR mod(abs(message_store.hash_64(message_store.cardinal_id(m.stream_name))), a.size) = a.member)
	) AS q WHERE (q.n <= q.batch_size OR q.batch_size = -1) ORDER BY q.global_position`,
	relation.LastStreamMessage.Name: strings.Replace(messageColumns, "m.global_position)", "m.global_position DESC)", 1) + `
	FROM (SELECT $1::varchar AS stream_name, $2::varchar AS type, 1 AS batch_size) AS a, message_store.messages AS m
	WHERE m.stream_name = a.stream_name AND (a.type IS NULL OR m.type = a.type)) AS q WHERE q.n = 1`,
	relation.VersionOfStream.Name: `SELECT max(m.position) FROM (SELECT $1::varchar AS stream_name) AS a, message_store.messages AS m
	WHERE m.stream_name = a.stream_name`, // the argument stands where no column of messages is meant by its names
}

const messageColumns = `SELECT q.id, q.stream_name, q.type, q.position, q.global_position, q.data, q.metadata, q."time" FROM (
	SELECT m.id::varchar AS id, m.stream_name::varchar AS stream_name, m.type::varchar AS type, m.position, m.global_position, m.data::varchar AS data,
		m.metadata::varchar AS metadata, m."time", a.batch_size, row_number() OVER (ORDER BY m.global_position) AS n`

// messageForms are functions of one value, by their names.
var messageForms = func() map[string][]*function {
	varchar, bigint := uint32(pgvalue.OIDVarchar), uint32(pgvalue.OIDInt8)
	raise := func(text string) string {
		return "CAST(error('" + marker(pgerror.RaiseException, "") + "' || " + text + ") AS VARCHAR)"
	}
	const group = `' (Consumer Group Member: ' || coalesce(CAST($3 AS VARCHAR), '<NULL>') || ', Consumer Group Size: ' || coalesce(CAST($4 AS VARCHAR), '<NULL>') || ')'`
	of := func(name string, result uint32, sql string, args ...uint32) []*function {
		return []*function{{args: args, result: result, sql: sql, fallible: strings.Contains(name, " ")}}
	}
	m := map[string][]*function{}
	for name, f := range map[string]struct {
		result uint32
		args   []uint32
		sql    string
	}{
		relation.CategoryOf.Name:          {varchar, []uint32{varchar}, "split_part($1, '-', 1)"},
		relation.IDOf.Name:                {varchar, []uint32{varchar}, "(CASE WHEN instr($1, '-') > 0 THEN substr($1, instr($1, '-') + 1) END)"},
		relation.CardinalID.Name:          {varchar, []uint32{varchar}, "(CASE WHEN instr($1, '-') > 0 THEN split_part(substr($1, instr($1, '-') + 1), '+', 1) END)"},
		relation.IsCategory.Name:          {pgvalue.OIDBool, []uint32{varchar}, "coalesce(instr($1, '-') = 0, TRUE)"},
		relation.Hash64.Name:              {bigint, []uint32{varchar}, "pg_hash_64($1)"},
		relation.MessageStoreVersion.Name: {varchar, nil, "'1.3.0'"},
		"message stream": {varchar, []uint32{varchar}, "(CASE WHEN coalesce(instr($1, '-') = 0, TRUE) THEN " +
			raise("'Must be a stream name: ' || coalesce($1, '<NULL>')") + " ELSE $1 END)"},
		"message category": {varchar, []uint32{varchar, varchar, bigint, bigint}, "(CASE WHEN instr($1, '-') > 0 THEN " + raise("'Must be a category: ' || $1") +
			" WHEN instr($2, '-') > 0 THEN " + raise("'Correlation must be a category (Correlation: ' || $2 || ')'") +
			" WHEN ($3 IS NULL) <> ($4 IS NULL) THEN " + raise("'Consumer group member and size must be specified' || "+group) +
			" WHEN $4 < 1 THEN " + raise("'Consumer group size must not be less than 1' || "+group) +
			" WHEN $3 < 0 THEN " + raise("'Consumer group member must not be less than 0' || "+group) +
			" WHEN $3 >= $4 THEN " + raise("'Consumer group member must be less than the group size' || "+group) +
			" WHEN $4 > 32767 THEN CAST(error('" + marker(pgerror.NumericValueOutOfRange, "smallint out of range") + "') AS VARCHAR) ELSE $1 END)"},
		"message batch": {bigint, []uint32{bigint}, "(CASE WHEN $1 < -1 THEN CAST(error('" + marker(pgerror.InvalidRowCountInLimitClause, "LIMIT must not be negative") +
			"') AS BIGINT) ELSE coalesce($1, 1000) END)"},
		"message condition": {varchar, []uint32{varchar}, "(CASE WHEN $1 IS NOT NULL THEN CAST(error('" +
			marker(pgerror.FeatureNotSupported, "a condition is not supported where the function does not stand alone in FROM") + "') AS VARCHAR) END)"},
	} {
		m[name] = of(name, f.result, f.sql, f.args...)
	}
	return m
}()

// messageFunctionOf is the function of Message DB's that a call means; nil: none.
func (c *compiler) messageFunctionOf(x *pg.FuncCall) *relation.Function {
	name := stringOf(x.Funcname[len(x.Funcname)-1])
	if len(x.Funcname) > 1 {
		if stringOf(x.Funcname[len(x.Funcname)-2]) != searchpath.MessageStore {
			return nil
		}
	} else if !c.options.Catalog.Searches(searchpath.MessageStore) {
		return nil
	}
	i := slices.IndexFunc(relation.MessageStoreFunctions, func(f *relation.Function) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return relation.MessageStoreFunctions[i]
}

// messageArguments are the arguments of a call of one, each in its place; those that are left out are their defaults.
func (c *compiler) messageArguments(f *relation.Function, x *pg.FuncCall) []*pg.Node {
	args := make([]*pg.Node, len(f.Args))
	fits := len(x.Args) <= len(args)
	for i := 0; i < len(x.Args) && fits; i++ {
		at, n := i, x.Args[i]
		if named := n.GetNamedArgExpr(); named != nil {
			at, n = slices.Index(f.ArgNames, named.Name), named.Arg
		}
		if fits = at >= 0 && args[at] == nil; fits {
			args[at], fits = n, constantFits(n, f.Args[at])
		}
	}
	for i := range args {
		if args[i] == nil {
			d := i - (len(args) - len(f.Defaults))
			if fits = fits && d >= 0; fits {
				args[i] = pg.MakeAConstStrNode(f.Defaults[d], -1)
				if f.Defaults[d] == "NULL" {
					args[i] = nullNode()
				}
			}
		}
	}
	if !fits {
		c.noMessageFunction(x)
	}
	return args
}

func nullNode() *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Isnull: true, Location: -1}}}
}

// constantFits tells of a constant that it may be an argument of a type, as far as one sees.
func constantFits(n *pg.Node, oid uint32) bool {
	k := n.GetAConst()
	if k == nil || k.Isnull || k.GetSval() != nil {
		return true
	}
	return oid == pgvalue.OIDInt8 && k.GetIval() != nil
}

// noMessageFunction says that there is no such function for a call's arguments.
func (c *compiler) noMessageFunction(x *pg.FuncCall) {
	var list []string
	for _, n := range x.Args {
		name := ""
		if named := n.GetNamedArgExpr(); named != nil {
			name, n = named.Name+" => ", named.Arg
		}
		list = append(list, name+typeName(c.expr(n).oid))
	}
	c.fail(c.at(pgerror.Errorf(pgerror.UndefinedFunction, "function %s(%s) does not exist", qualifiedName(x), strings.Join(list, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts."), x.Location))
}

func qualifiedName(x *pg.FuncCall) string {
	var parts []string
	for _, n := range x.Funcname {
		parts = append(parts, stringOf(n))
	}
	return strings.Join(parts, ".")
}

// messageTemplates are the queries, parsed, without places in a text.
var messageTemplates = sync.OnceValue(func() map[string]*pg.SelectStmt {
	m := map[string]*pg.SelectStmt{}
	for name, text := range messageQueries {
		tree, err := pg.Parse(text)
		if err != nil {
			panic(err)
		}
		q := tree.Stmts[0].Stmt.GetSelectStmt()
		walkNodes(q.ProtoReflect(), func(m protoreflect.Message) bool {
			if d := m.Descriptor().Fields().ByName("location"); d != nil {
				m.Set(d, protoreflect.ValueOfInt32(-1))
			}
			return true
		})
		m[name] = q
	}
	return m
})

// messageQuery is the query that a function is, of arguments.
func messageQuery(name string, args []*pg.Node) *pg.SelectStmt {
	q := proto.Clone(messageTemplates()[name]).(*pg.SelectStmt)
	walkNodes(q.ProtoReflect(), func(m protoreflect.Message) bool {
		if t, ok := m.Interface().(*pg.TypeCast); ok {
			if p := t.Arg.GetParamRef(); p != nil {
				t.Arg = args[p.Number-1]
				return true
			}
		}
		return true
	})
	return q
}

// messageTable is such a function in FROM; nil if it is none.
func (c *compiler) messageTable(x *pg.RangeFunction) *fromItem {
	if len(x.Functions) != 1 {
		return nil
	}
	call := x.Functions[0].GetList().Items[0].GetFuncCall()
	if call == nil {
		return nil
	}
	f := c.messageFunctionOf(call)
	if f == nil || f.Result != relation.MessageTypeOID {
		return nil
	}
	q := messageQuery(f.Name, c.messageArguments(f, call))
	if x.Ordinality {
		n := pg.MakeResTargetNodeWithNameAndVal("ordinality", &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
			Funcname: []*pg.Node{pg.MakeStrNode("row_number")}, Over: &pg.WindowDef{FrameOptions: 1058, Location: -1}, Location: -1,
		}}}, -1)
		q.TargetList = append(q.TargetList, n)
	}
	alias := x.Alias
	if alias == nil {
		alias = &pg.Alias{Aliasname: f.Name}
	}
	return c.subselect(&pg.RangeSubselect{Lateral: true, Subquery: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: q}}, Alias: alias})
}

// messageCall is a call of one as a value; nil if it is none.
func (c *compiler) messageCall(x *pg.FuncCall) *ex {
	name := stringOf(x.Funcname[len(x.Funcname)-1])
	if forms := messageForms[name]; forms != nil && strings.Contains(name, " ") {
		return c.callForm(forms[0], c.exprs(x.Args)).named(name)
	}
	f := c.messageFunctionOf(x)
	if f == nil {
		return nil
	}
	args := c.messageArguments(f, x)
	switch {
	case f.Result == relation.MessageTypeOID:
		c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "function %s is not supported here", name).WithHint("Call it in FROM."), x.Location))
	case f.Effects:
		c.fail(callElsewhere(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "function %s is not supported here", name), x.Location)))
	case f == relation.VersionOfStream && !c.inEffect && c.writesMessages():
		c.fail(c.at(pgerror.Errorf(pgerror.FeatureNotSupported, "function %s beside one that writes messages is not supported", name), x.Location).
			WithHint("Ask in a statement of its own: what is written for each row is not seen here."))
	case f == relation.VersionOfStream:
		q := messageQuery(name, args)
		e := c.expr(&pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{
			SubLinkType: pg.SubLinkType_EXPR_SUBLINK, Subselect: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: q}}, Location: -1,
		}}})
		return e.at(x.Location).named(name)
	}
	list := c.exprs(args)
	form := c.choose(messageForms[name], list)
	if form == nil {
		c.noMessageFunction(x)
	}
	e := c.callForm(form, list)
	e.oid = f.Result
	return e.at(x.Location).named(name)
}

// messageEffect is a column of the whole statement that is a call of one which does something, as sessionCall has it.
func (c *compiler) messageEffect(x *pg.FuncCall) (*analytics.Call, []*ex) {
	f := c.messageFunctionOf(x)
	if f == nil || !f.Effects {
		return nil, nil
	}
	before := c.inEffect
	c.inEffect = true
	args := c.exprs(c.messageArguments(f, x))
	c.inEffect = before
	return &analytics.Call{Schema: f.Schema, Name: f.Name, Args: f.Args, Result: f.Result}, args
}

// writesMessages tells whether a column of the whole statement is a call of one that does something.
func (c *compiler) writesMessages() bool {
	return c.whole != nil && slices.ContainsFunc(c.whole.TargetList, func(n *pg.Node) bool {
		x := n.GetResTarget().GetVal().GetFuncCall()
		if x == nil {
			return false
		}
		f := c.messageFunctionOf(x)
		return f != nil && f.Effects
	})
}

// rowsInFrom puts a function that returns messages, and is all that a query selects, into its FROM.
func (c *compiler) rowsInFrom(q *pg.SelectStmt) *pg.SelectStmt {
	if len(q.TargetList) != 1 || len(q.FromClause) > 0 {
		return q
	}
	t := q.TargetList[0].GetResTarget()
	call, field := t.GetVal().GetFuncCall(), []*pg.Node(nil)
	if in := t.GetVal().GetAIndirection(); in != nil && len(in.Indirection) == 1 {
		call, field = in.Arg.GetFuncCall(), in.Indirection
	}
	if call == nil {
		return q
	}
	f := c.messageFunctionOf(call)
	if f == nil || f.Result != relation.MessageTypeOID {
		return q
	}
	list := &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: []*pg.Node{{Node: &pg.Node_FuncCall{FuncCall: call}}, {}}}}}
	q.FromClause = []*pg.Node{{Node: &pg.Node_RangeFunction{RangeFunction: &pg.RangeFunction{Functions: []*pg.Node{list}}}}}
	t.Val = &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: append([]*pg.Node{pg.MakeStrNode(f.Name)}, field...), Location: t.Location}}}
	return q
}
