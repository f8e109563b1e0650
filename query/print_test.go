package query

import (
	"fmt"
	"strings"
)

// printStatement writes a statement in one line, so that how it was understood can be
// read: expressions as (operator operand …), what was left out as nothing.
func printStatement(s statement) string {
	var w printer
	w.statement(s)
	return strings.TrimSpace(w.String())
}

type printer struct{ strings.Builder }

func (w *printer) add(format string, args ...any) { fmt.Fprintf(w, " "+format, args...) }

func (w *printer) statement(s statement) {
	switch s := s.(type) {
	case *insertStmt:
		w.insert(s)
	case *selectStmt:
		w.query(s)
	case *copyStmt:
		w.copy(s)
	case *transactionStmt:
		w.add("%s%s%s", s.verb, spaced(s.savepoint), modes(s.modes))
		if s.chain {
			w.add("CHAIN")
		}
	case *setTransactionStmt:
		w.add("SET TRANSACTION session=%v%s", s.session, modes(s.modes))
	case *prepareStmt:
		w.add("PREPARE %s", s.name)
		for _, t := range s.types {
			w.add("%s:%d", t.name, t.oid)
		}
		w.body(s.body)
	case *executeStmt:
		w.add("EXECUTE %s %s", s.name, exprs(s.args))
	case *deallocateStmt:
		w.add("DEALLOCATE%s", spaced(s.name))
	case *declareStmt:
		w.add("DECLARE %s scroll=%v no=%v hold=%v binary=%v", s.name, s.scroll, s.noScroll, s.hold, s.binary)
		w.body(s.body)
	case *fetchStmt:
		w.add("FETCH %s %s %d all=%v move=%v", s.cursor, s.how, s.count, s.all, s.move)
	case *closeStmt:
		w.add("CLOSE%s", spaced(s.name))
	case *explainStmt:
		w.add("EXPLAIN analyze=%v format=%s", s.analyze, s.format)
		w.body(s.body)
	case *setStmt:
		w.add("SET %s=%q local=%v", s.name, s.values, s.local)
	case *showStmt:
		w.add("SHOW %s", s.name)
	case *resetStmt:
		w.add("RESET %s", s.name)
	case *discardStmt:
		w.add("DISCARD %s", s.what)
	case *noopStmt:
		w.add("NOOP %s", s.tag)
	case *createViewStmt:
		w.add("CREATE VIEW %s (%s)", relationText(&s.relation), nameList(s.columns))
	case *dropViewStmt:
		w.add("DROP VIEW %s", relationText(&s.relations[0]))
	case *commentStmt:
		w.add("COMMENT ON %s %s %s", s.kind, relationText(&s.relation), s.column)
	case *refusedStmt:
		w.add("REFUSED %s", s.what)
		if s.relation != nil {
			w.add("%s", relationText(s.relation))
		}
	case *beyondStmt:
		if s.err != nil {
			w.add("%s", errorText(s.err))
			return
		}
		w.beyond(&s.beyond)
	default:
		w.add("%T", s)
	}
}

func (w *printer) body(p *parsed) {
	w.add("AS [%s]", printStatement(p.statement))
	if p.params > 0 {
		w.add("params=%d", p.params)
	}
}

func (w *printer) beyond(b *beyond) {
	if b != nil {
		w.add("<%s>", b.what)
	}
}

func (w *printer) insert(s *insertStmt) {
	w.add("INSERT %s", relationText(&s.relation))
	if s.alias != "" {
		w.add("as %s", s.alias)
	}
	if s.columns != nil {
		w.add("(%s)", nameList(s.columns))
	}
	for _, row := range s.rows {
		w.add("%s", exprs(row))
	}
	w.beyond(s.query)
	if s.from != nil {
		w.add("<INSERT … SELECT>")
	}
	if c := s.conflict; c != nil {
		w.add("conflict(%s)", nameList(c.target))
		w.beyond(c.beyond)
	}
	if s.returning != nil {
		w.add("returning%s", items(s.returning))
	}
}

func (w *printer) query(s *selectStmt) {
	w.add("SELECT%s", items(s.items))
	if s.from != nil {
		w.add("from %s", relationText(s.from))
	}
	if s.where != nil {
		w.add("where %s", exprText(s.where))
	}
	if s.groupBy != nil {
		w.add("group %s", exprText(s.groupBy))
	}
	for i, o := range s.orderBy {
		if i == 0 {
			w.add("order")
		}
		w.add("%s desc=%v", exprText(o.expr), o.desc)
		if o.nullsFirst != nil {
			w.add("nulls-first=%v", *o.nullsFirst)
		}
	}
	if s.limit != nil {
		w.add("limit %s", exprText(s.limit))
	}
	if s.offset != nil {
		w.add("offset %s", exprText(s.offset))
	}
	if s.withTies {
		w.add("with ties")
	}
	w.beyond(s.beyond)
}

func (w *printer) copy(s *copyStmt) {
	direction := "to"
	if s.from {
		direction = "from"
	}
	w.add("COPY %s", direction)
	if s.text != nil && s.text.beyond != nil {
		w.add("[%s]", printStatement(s.text.beyond))
	}
	if s.query != nil {
		w.add("[%s]", printStatement(s.query))
	} else {
		w.add("%s (%s)", relationText(&s.relation), nameList(s.columns))
	}
	for _, o := range s.options {
		w.add("%s=%q", o.name, o.value+strings.Join(o.list, ","))
	}
	w.beyond(s.beyond)
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func nameList(names []name) string {
	var out []string
	for _, n := range names {
		out = append(out, n.text)
	}
	return strings.Join(out, " ")
}

func relationText(r *relationRef) string {
	out := r.table
	if r.schema != "" {
		out = r.schema + "." + out
	}
	return out + spaced(r.alias)
}

func modes(list []transactionMode) string {
	var out string
	for _, m := range list {
		out += spaced(m.isolation)
		if m.readOnly != nil {
			out += fmt.Sprintf(" read-only=%v", *m.readOnly)
		}
		if m.deferrable {
			out += " deferrable"
		}
	}
	return out
}

func items(list []selectItem) string {
	var out string
	for _, item := range list {
		out += " " + exprText(item.expr)
		if item.alias != "" {
			out += "=" + item.alias
		}
	}
	return out
}

func exprs(list []expr) string {
	var out []string
	for _, x := range list {
		out = append(out, exprText(x))
	}
	return "(" + strings.Join(out, " ") + ")"
}

func exprText(x expr) string {
	switch x := x.(type) {
	case *literal:
		if x.kind == tokString {
			return fmt.Sprintf("%q", x.text)
		}
		return x.text
	case *paramExpr:
		return fmt.Sprintf("$%d", x.n)
	case *columnExpr:
		if x.table != "" {
			return x.table + "." + x.column
		}
		return x.column
	case *callExpr:
		return callText(x)
	case *castExpr:
		return fmt.Sprintf("(:: %s %s)", exprText(x.x), x.typ.name)
	case *unaryExpr:
		return fmt.Sprintf("(%s %s)", x.op, exprText(x.x))
	case *binaryExpr:
		return fmt.Sprintf("(%s %s %s)", x.op, exprText(x.l), exprText(x.r))
	case *inExpr:
		return fmt.Sprintf("(in not=%v %s %s)", x.not, exprText(x.x), exprs(x.list))
	case *caseExpr:
		return "(case)"
	case *arrayExpr:
		return "(array " + exprs(x.items) + ")"
	case *defaultExpr:
		return "DEFAULT"
	case *beyondExpr:
		return "<" + x.what + ">"
	}
	return fmt.Sprintf("%T", x)
}

func callText(x *callExpr) string {
	name := x.name
	if x.schema != "" {
		name = x.schema + "." + name
	}
	args := exprs(x.args)
	if x.star {
		args = "(*)"
	}
	if x.beyond != "" {
		args += "<" + x.beyond + ">"
	}
	return name + args
}
