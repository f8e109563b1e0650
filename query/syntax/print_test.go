package syntax

import (
	"fmt"
	"strings"
)

// printStatement writes a statement in one line, so that how it was understood can be
// read: expressions as (operator operand …), what was left out as nothing.
func printStatement(s Statement) string {
	var w printer
	w.statement(s)
	return strings.TrimSpace(w.String())
}

type printer struct{ strings.Builder }

func (w *printer) add(format string, args ...any) { fmt.Fprintf(w, " "+format, args...) }

func (w *printer) statement(s Statement) {
	switch s := s.(type) {
	case *InsertStmt:
		w.insert(s)
	case *SelectStmt:
		w.query(s)
	case *CopyStmt:
		w.copy(s)
	case *TransactionStmt:
		w.add("%s%s%s", s.Verb, spaced(s.Savepoint), modes(s.Modes))
		if s.Chain {
			w.add("CHAIN")
		}
	case *SetTransactionStmt:
		w.add("SET TRANSACTION session=%v%s", s.Session, modes(s.Modes))
		if s.Snapshot != nil {
			w.add("SNAPSHOT %q", *s.Snapshot)
		}
	case *PrepareStmt:
		w.add("PREPARE %s", s.Name)
		for _, t := range s.Types {
			w.add("%s:%d", t.Name, t.OID)
		}
		w.body(s.Body)
	case *ExecuteStmt:
		w.add("EXECUTE %s %s", s.Name, exprs(s.Args))
	case *DeallocateStmt:
		w.add("DEALLOCATE%s", spaced(s.Name))
	case *DeclareStmt:
		w.add("DECLARE %s scroll=%v no=%v hold=%v binary=%v", s.Name, s.Scroll, s.NoScroll, s.Hold, s.Binary)
		w.body(s.Body)
	case *FetchStmt:
		w.add("FETCH %s %s %d all=%v move=%v", s.Cursor, s.How, s.Count, s.All, s.Move)
	case *CloseStmt:
		w.add("CLOSE%s", spaced(s.Name))
	case *ExplainStmt:
		w.add("EXPLAIN analyze=%v format=%s", s.Analyze, s.Format)
		w.body(s.Body)
	case *SetStmt:
		w.add("SET %s=%q local=%v", s.Name, s.Values, s.Local)
	case *ShowStmt:
		w.add("SHOW %s", s.Name)
	case *ResetStmt:
		w.add("RESET %s", s.Name)
	case *DiscardStmt:
		w.add("DISCARD %s", s.What)
	case *LockStmt:
		w.add("LOCK %s", s.Mode)
		for i := range s.Relations {
			w.add("%s", relationText(&s.Relations[i]))
		}
	case *RoleStmt:
		w.add("ROLE create=%t user=%t %s%s", s.Create, s.User, s.Role.Name, s.Role.Word)
		for _, o := range s.Options {
			w.add("%s off=%t '%s'", o.Name, o.Off, o.Text)
			w.roles(o.Roles)
		}
	case *RoleSetStmt:
		w.add("ROLE SET all=%t %s%s database=%q reset=%q", s.All, s.Role.Name, s.Role.Word, s.Database, s.Reset)
		if s.Set != nil {
			w.add("%s=%q", s.Set.Name, s.Set.Values)
		}
	case *RenameRoleStmt:
		w.add("RENAME ROLE")
		w.roles([]RoleSpec{s.Role, s.To})
	case *DropRoleStmt:
		w.add("DROP ROLE if=%t", s.IfExists)
		w.roles(s.Roles)
	case *GrantRoleStmt:
		w.add("GRANT ROLE revoke=%t group=%t admin=%t", s.Revoke, s.Group, s.Admin)
		w.roles(s.Roles)
		w.roles(s.Members)
	case *GrantStmt:
		w.add("GRANT revoke=%t %v schema=%t everything=%t option=%t cascade=%t", s.Revoke, s.Privileges, s.Schema, s.Everything, s.Option, s.Cascade)
		for i := range s.Names {
			w.add("%s", relationText(&s.Names[i]))
		}
		w.roles(s.Roles)
	case *OwnedStmt:
		w.add("OWNED reassign=%t cascade=%t", s.To != nil, s.Cascade)
		w.roles(s.Roles)
	case *ViewOwnerStmt:
		w.add("OWNER table=%t %s %s%s", s.Table, relationText(&s.Relation), s.Owner.Name, s.Owner.Word)
	case *PolicyStmt:
		w.add("POLICY create=%t %s %s %s %s restrictive=%t", s.Create, s.Name, s.NewName, relationText(&s.Relation), s.Command, s.Restrictive)
		w.roles(s.Roles)
		for _, e := range []*PolicyExpr{s.Using, s.Check} {
			if e != nil {
				w.add("(%s)", e.Text)
			}
		}
	case *DropPolicyStmt:
		w.add("DROP POLICY %s %s exists=%t", s.Name, relationText(&s.Relation), s.IfExists)
	case *RowSecurityStmt:
		w.add("ROW SECURITY %s %v", relationText(&s.Relation), s.Actions)
	case *NotifyStmt:
		w.add("%s %q %q", s.Verb, s.Channel, s.Payload)
	case *UpkeepStmt:
		w.add("NOOP %s", s.Tag)
	case *CreateViewStmt:
		w.add("CREATE VIEW %s (%s)", relationText(&s.Relation), nameList(s.Columns))
	case *DropViewStmt:
		w.add("DROP VIEW %s", relationText(&s.Relations[0]))
	case *CommentStmt:
		w.add("COMMENT ON %s %s %s", s.Kind, relationText(&s.Relation), s.Column)
	case *RefusedStmt:
		w.add("REFUSED %s", s.What)
		if s.Relation != nil {
			w.add("%s", relationText(s.Relation))
		}
	case *UnsupportedStmt:
		if s.Err != nil {
			w.add("%s", errorText(s.Err))
			return
		}
		w.unsupported(&s.Unsupported)
	default:
		w.add("%T", s)
	}
}

func (w *printer) body(p *Parsed) {
	w.add("AS [%s]", printStatement(p.Statement))
	if p.Params > 0 {
		w.add("params=%d", p.Params)
	}
}

func (w *printer) unsupported(b *Unsupported) {
	if b != nil {
		w.add("<%s>", b.What)
	}
}

func (w *printer) insert(s *InsertStmt) {
	w.add("INSERT %s", relationText(&s.Relation))
	if s.Alias != "" {
		w.add("as %s", s.Alias)
	}
	if s.Columns != nil {
		w.add("(%s)", nameList(s.Columns))
	}
	for _, row := range s.Rows {
		w.add("%s", exprs(row))
	}
	w.unsupported(s.Query)
	if s.From != nil {
		w.add("<INSERT … SELECT>")
	}
	if c := s.Conflict; c != nil {
		w.add("conflict(%s)", nameList(c.Target))
		w.unsupported(c.Unsupported)
	}
	if s.Returning != nil {
		w.add("returning%s", items(s.Returning))
	}
}

func (w *printer) query(s *SelectStmt) {
	w.add("SELECT%s", items(s.Items))
	if s.From != nil {
		w.add("from %s", relationText(s.From))
	}
	if s.Where != nil {
		w.add("where %s", exprText(s.Where))
	}
	if s.GroupBy != nil {
		w.add("group %s", exprText(s.GroupBy))
	}
	for i, o := range s.OrderBy {
		if i == 0 {
			w.add("order")
		}
		w.add("%s desc=%v", exprText(o.Expr), o.Desc)
		if o.NullsFirst != nil {
			w.add("nulls-first=%v", *o.NullsFirst)
		}
	}
	if s.Limit != nil {
		w.add("limit %s", exprText(s.Limit))
	}
	if s.Offset != nil {
		w.add("offset %s", exprText(s.Offset))
	}
	if s.WithTies {
		w.add("with ties")
	}
	w.unsupported(s.Unsupported)
	w.unsupported(s.Locking)
}

func (w *printer) copy(s *CopyStmt) {
	direction := "to"
	if s.From {
		direction = "from"
	}
	w.add("COPY %s", direction)
	if s.Text != nil && s.Text.Unsupported != nil {
		w.add("[%s]", printStatement(s.Text.Unsupported))
	}
	if s.Query != nil {
		w.add("[%s]", printStatement(s.Query))
	} else {
		w.add("%s (%s)", relationText(&s.Relation), nameList(s.Columns))
	}
	for _, o := range s.Options {
		w.add("%s=%q", o.Name, o.Value+strings.Join(o.List, ","))
	}
	if s.Where != nil {
		w.add("where %s", exprText(s.Where))
	}
	w.unsupported(s.Unsupported)
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func nameList(names []Name) string {
	var out []string
	for _, n := range names {
		out = append(out, n.Text)
	}
	return strings.Join(out, " ")
}

func relationText(r *RelationRef) string {
	out := r.Table
	if r.Schema != "" {
		out = r.Schema + "." + out
	}
	if r.Called {
		out += "(" + exprs(r.Args) + ")" + named(r.ArgNames)
	}
	return out + spaced(r.Alias)
}

func modes(list []TransactionMode) string {
	var out string
	for _, m := range list {
		out += spaced(m.Isolation)
		if m.ReadOnly != nil {
			out += fmt.Sprintf(" read-only=%v", *m.ReadOnly)
		}
		if m.Deferrable != nil {
			out += fmt.Sprintf(" deferrable=%v", *m.Deferrable)
		}
	}
	return out
}

func items(list []SelectItem) string {
	var out string
	for _, item := range list {
		out += " " + exprText(item.Expr)
		if item.Alias != "" {
			out += "=" + item.Alias
		}
	}
	return out
}

func exprs(list []Expr) string {
	var out []string
	for _, x := range list {
		out = append(out, exprText(x))
	}
	return "(" + strings.Join(out, " ") + ")"
}

func exprText(x Expr) string {
	switch x := x.(type) {
	case *Literal:
		if x.Kind == TokString {
			return fmt.Sprintf("%q", x.Text)
		}
		return x.Text
	case *ParamExpr:
		return fmt.Sprintf("$%d", x.N)
	case *ColumnExpr:
		if x.Table != "" {
			return x.Table + "." + x.Column
		}
		return x.Column
	case *CallExpr:
		return callText(x)
	case *CastExpr:
		return fmt.Sprintf("(:: %s %s)", exprText(x.X), x.Typ.Name)
	case *UnaryExpr:
		return fmt.Sprintf("(%s %s)", x.Op, exprText(x.X))
	case *BinaryExpr:
		return fmt.Sprintf("(%s %s %s)", x.Op, exprText(x.L), exprText(x.R))
	case *InExpr:
		return fmt.Sprintf("(in not=%v %s %s)", x.Not, exprText(x.X), exprs(x.List))
	case *CaseExpr:
		return "(case)"
	case *ArrayExpr:
		return "(array " + exprs(x.Items) + ")"
	case *DefaultExpr:
		return "DEFAULT"
	case *UnsupportedExpr:
		return "<" + x.What + ">"
	}
	return fmt.Sprintf("%T", x)
}

func callText(x *CallExpr) string {
	name := x.Name
	if x.Schema != "" {
		name = x.Schema + "." + name
	}
	args := exprs(x.Args)
	args += named(x.ArgNames)
	if x.Star {
		args = "(*)"
	}
	if x.Unsupported != "" {
		args += "<" + x.Unsupported + ">"
	}
	return name + args
}

// named are the names of arguments, if some have.
func named(list []string) string {
	if list == nil {
		return ""
	}
	return fmt.Sprintf("%q", list)
}

func (w *printer) roles(list []RoleSpec) {
	for _, r := range list {
		w.add("%s%s", r.Name, r.Word)
	}
}
