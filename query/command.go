package query

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire"
)

// commandPlan is a statement that returns no rows and takes no parameters:
// transactions, settings, names.
type commandPlan struct {
	parsed *parsed
	params []uint32 // as the client declared them; none is used
}

func (p *commandPlan) ParameterOIDs() []uint32  { return p.params }
func (p *commandPlan) Columns() []pgwire.Column { return nil }

func (p *commandPlan) bind(s *Session, _ []pgwire.Value) (pgwire.Portal, error) {
	return &commandPortal{plan: p, s: s}, nil
}

type commandPortal struct {
	plan *commandPlan
	s    *Session
}

func (p *commandPortal) Columns() []pgwire.Column { return nil }
func (p *commandPortal) Close()                   {}

func (p *commandPortal) Execute(ctx context.Context, _ *pgwire.Output, _ int64, last pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag, err := p.s.command(ctx, p.plan.parsed, last)
	return tag, true, err
}

func (s *Session) command(ctx context.Context, p *parsed, last pgwire.Lookahead) (pgwire.Tag, error) {
	tag := func(name string) pgwire.Tag { return pgwire.Tag{Command: name, Rows: -1} }
	switch st := p.statement.(type) {
	case *transactionStmt:
		return s.transactionCommand(ctx, st)
	case *setTransactionStmt:
		return tag("SET"), s.setTransaction(st)
	case *setStmt:
		return tag("SET"), s.setCommand(st, last)
	case *resetStmt:
		return tag("RESET"), s.reset(st.name)
	case *discardStmt:
		return tag("DISCARD " + st.what), s.discard(st.what, last)
	case *prepareStmt:
		return tag("PREPARE"), s.prepareNamed(st)
	case *deallocateStmt:
		if st.name == "" {
			s.conn.DropStatements()
			return tag("DEALLOCATE ALL"), nil
		}
		return tag("DEALLOCATE"), s.conn.DropStatement(st.name)
	case *closeStmt:
		if st.name == "" {
			s.conn.EndTransaction(true)
			return tag("CLOSE CURSOR ALL"), nil
		}
		if !s.conn.DropPortal(st.name) {
			return pgwire.Tag{}, noCursor(st.name)
		}
		return tag("CLOSE CURSOR"), nil
	case *createViewStmt:
		return tag("CREATE VIEW"), s.createView(st)
	case *dropViewStmt:
		return tag("DROP VIEW"), s.dropViews(st)
	case *commentStmt:
		return tag("COMMENT"), s.comment(st)
	case *noopStmt:
		return tag(st.tag), nil
	}
	return pgwire.Tag{}, pgwire.Errorf("0A000", "this statement is not supported")
}

func noCursor(name string) error {
	return pgwire.Errorf("34000", "cursor \"%s\" does not exist", name)
}

func (s *Session) warn(code, message string) {
	s.conn.Notice(&pgwire.Error{Severity: "WARNING", Code: code, Message: message})
}

func (s *Session) transactionCommand(ctx context.Context, st *transactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: st.verb, Rows: -1}
	explicit := s.tx.state == txExplicit
	switch st.verb {
	case "BEGIN", "START TRANSACTION":
		if explicit {
			s.warn("25001", "there is already a transaction in progress")
			return tag, s.applyModes(st.modes)
		}
		s.beginBlock()
		if err := s.applyModes(st.modes); err != nil {
			s.end()
			return tag, err
		}
	case "COMMIT":
		return s.commitCommand(ctx, st)
	case "ROLLBACK":
		if !explicit {
			if st.chain {
				return tag, pgwire.Errorf("25P01", "ROLLBACK AND CHAIN can only be used in transaction blocks")
			}
			s.warn("25P01", "there is no transaction in progress")
			s.rollback()
			return tag, nil
		}
		chained := s.tx
		s.rollback()
		if st.chain {
			s.chain(&chained)
		}
	default:
		return s.savepointCommand(st)
	}
	return tag, nil
}

// beginBlock opens a transaction block. What the implicit transaction has staged
// becomes part of it, as in PostgreSQL.
func (s *Session) beginBlock() {
	if len(s.tx.staged) > 0 || s.tx.position >= 0 {
		s.tx.state = txExplicit
		return
	}
	s.tx.begin(s, txExplicit)
}

func (s *Session) commitCommand(ctx context.Context, st *transactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: "COMMIT", Rows: -1}
	if s.tx.state != txExplicit {
		if st.chain {
			return tag, pgwire.Errorf("25P01", "COMMIT AND CHAIN can only be used in transaction blocks")
		}
		s.warn("25P01", "there is no transaction in progress")
		return tag, s.commit(ctx)
	}
	chained := s.tx
	if s.tx.failed {
		tag.Command = "ROLLBACK"
		s.rollback()
	} else {
		before := s.tx.settings
		if err := s.commit(ctx); err != nil {
			if before.values != nil {
				s.settings.restore(before, s.conn)
			}
			return tag, err
		}
	}
	if st.chain {
		s.chain(&chained)
	}
	return tag, nil
}

// chain begins a transaction with the characteristics of the one before.
func (s *Session) chain(old *transaction) {
	isolation, readOnly := old.isolation, old.readOnly
	s.tx.begin(s, txExplicit)
	s.tx.isolation, s.tx.readOnly = isolation, readOnly
}

func (s *Session) savepointCommand(st *transactionStmt) (pgwire.Tag, error) {
	tag := pgwire.Tag{Command: st.verb, Rows: -1}
	if s.tx.state != txExplicit {
		verb := st.verb
		switch verb {
		case "RELEASE":
			verb = "RELEASE SAVEPOINT"
		case "ROLLBACK TO":
			verb = "ROLLBACK TO SAVEPOINT"
		}
		return tag, pgwire.Errorf("25P01", "%s can only be used in transaction blocks", verb)
	}
	switch st.verb {
	case "SAVEPOINT":
		return tag, s.addSavepoint(st.savepoint)
	case "RELEASE":
		i, err := s.tx.findSavepoint(st.savepoint)
		if err == nil {
			s.tx.savepoints = s.tx.savepoints[:i]
		}
		return tag, err
	}
	tag.Command = "ROLLBACK"
	return tag, s.rollbackTo(st.savepoint)
}

func (s *Session) applyModes(modes []transactionMode) error {
	for _, m := range modes {
		if m.isolation != "" {
			level, err := checkIsolation("transaction_isolation")(s, m.isolation)
			if err != nil {
				return err
			}
			if err := s.setIsolation(level); err != nil {
				return err
			}
		}
		if m.readOnly != nil {
			if err := s.setReadOnly(*m.readOnly); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) setTransaction(st *setTransactionStmt) error {
	if !st.session {
		if s.tx.state != txExplicit {
			s.warn("25P01", "SET TRANSACTION can only be used in transaction blocks")
			return nil
		}
		return s.applyModes(st.modes)
	}
	for _, m := range st.modes {
		if m.isolation != "" {
			if err := s.set("default_transaction_isolation", []string{m.isolation}, false); err != nil {
				return err
			}
		}
		if m.readOnly != nil {
			value := "off"
			if *m.readOnly {
				value = "on"
			}
			if err := s.set("default_transaction_read_only", []string{value}, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) setCommand(st *setStmt, last pgwire.Lookahead) error {
	if st.local && s.tx.state != txExplicit && s.tx.statements == 1 {
		if alone, err := last(); err != nil || !alone {
			return cmp.Or(err, s.set(st.name, st.values, true))
		}
		s.warn("25P01", "SET LOCAL can only be used in transaction blocks")
	}
	if st.values == nil {
		return s.resetOne(st.name, st.local)
	}
	if st.name == "search_path" {
		quoted := make([]string, len(st.values))
		for i, v := range st.values {
			quoted[i] = quoteName(v)
		}
		return s.set(st.name, quoted, st.local)
	}
	return s.set(st.name, st.values, st.local)
}

// quoteName quotes a name that would not be read back as itself.
func quoteName(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	if name == "" || reserved[name] {
		return `"` + name + `"`
	}
	return name
}

func (s *Session) resetOne(name string, local bool) error {
	if knownSettings[name] == nil {
		if _, ok := s.settings.values[name]; !ok {
			return pgwire.Errorf("42704", "unrecognized configuration parameter \"%s\"", name)
		}
	}
	if name == "transaction_isolation" || name == "transaction_read_only" {
		return nil
	}
	return s.set(name, nil, local)
}

func (s *Session) reset(name string) error {
	if name != "all" {
		return s.resetOne(name, false)
	}
	for _, n := range slices.Sorted(maps.Keys(s.settings.values)) {
		if n == "session_authorization" || n == "role" {
			continue
		}
		delete(s.settings.values, n)
		delete(s.settings.local, n)
		s.settings.apply(n, s.conn)
	}
	return nil
}

func (s *Session) discard(what string, last pgwire.Lookahead) error {
	if what != "ALL" {
		return nil
	}
	alone, err := last()
	if err != nil {
		return err
	}
	if s.tx.state == txExplicit || !alone || s.several || s.tx.statements > 1 {
		return pgwire.Errorf("25001", "DISCARD ALL cannot run inside a transaction block")
	}
	s.conn.EndTransaction(true)
	s.conn.DropStatements()
	if err := s.resetOne("session_authorization", false); err != nil {
		return err
	}
	return s.reset("all")
}

func (s *Session) prepareNamed(st *prepareStmt) error {
	var oids []uint32
	for _, t := range st.types {
		if t.oid == 0 {
			return pgwire.Errorf("42704", "type \"%s\" does not exist", t.name).At(charPosition(st.body.src, t.pos))
		}
		oids = append(oids, t.oid)
	}
	if _, ok := st.body.statement.(*executeStmt); ok {
		return pgwire.Errorf("42601", "syntax error at or near \"EXECUTE\"").At(charPosition(st.body.src, st.body.pos))
	}
	plan, err := s.prepare(st.body, oids)
	if err != nil {
		return err
	}
	return s.conn.AddStatement(st.name, plan)
}

// prepareExecute makes EXECUTE's plan: the named statement with its arguments.
func (s *Session) prepareExecute(c *compiler, st *executeStmt) (plan, error) {
	named, err := s.conn.Statement(st.name)
	if err != nil {
		return nil, err
	}
	inner, ok := named.(plan)
	if !ok {
		return &emptyPlan{}, nil
	}
	want := inner.ParameterOIDs()
	if len(st.args) != len(want) {
		return nil, pgwire.Errorf("42601", "wrong number of parameters for prepared statement \"%s\"", st.name).
			WithDetail("Expected %d parameters but got %d.", len(want), len(st.args))
	}
	p := &executePlan{inner: inner}
	for i, x := range st.args {
		a, err := c.compileAs(x, want[i])
		if err != nil {
			return nil, err
		}
		out, ok := assign(a, want[i], c.zone)
		if !ok {
			return nil, c.at(pgwire.Errorf("42804", "parameter $%d of type %s cannot be coerced to the expected type %s",
				i+1, pgwire.TypeName(a.oid), pgwire.TypeName(want[i])).
				WithHint("You will need to rewrite or cast the expression."), x.position())
		}
		p.args = append(p.args, out)
	}
	p.params, err = c.finishParams()
	return p, err
}

// emptyPlan is a prepared empty statement.
type emptyPlan struct{}

func (emptyPlan) ParameterOIDs() []uint32                                { return nil }
func (emptyPlan) Columns() []pgwire.Column                               { return nil }
func (emptyPlan) Close()                                                 {}
func (e emptyPlan) bind(*Session, []pgwire.Value) (pgwire.Portal, error) { return e, nil }
func (emptyPlan) Execute(context.Context, *pgwire.Output, int64, pgwire.Lookahead) (pgwire.Tag, bool, error) {
	return pgwire.Tag{}, true, nil
}

type executePlan struct {
	inner  plan
	args   []*scalar
	params []uint32
}

func (p *executePlan) ParameterOIDs() []uint32  { return p.params }
func (p *executePlan) Columns() []pgwire.Column { return p.inner.Columns() }

func (p *executePlan) bind(s *Session, params []pgwire.Value) (pgwire.Portal, error) {
	e := env{session: s, params: params}
	values := make([]pgwire.Value, len(p.args))
	for i, a := range p.args {
		if err := a.eval(&e, &values[i]); err != nil {
			return nil, err
		}
	}
	return p.inner.bind(s, values)
}

// showPlan is SHOW.
type showPlan struct {
	name string
	out  []pgwire.Column
}

func (s *Session) prepareShow(st *showStmt) (plan, error) {
	p := &showPlan{name: st.name}
	if st.name == "all" {
		for _, n := range []string{"name", "setting", "description"} {
			p.out = append(p.out, pgwire.Column{Name: n, OID: pgwire.OIDText})
		}
		return p, nil
	}
	if _, err := s.show(st.name); err != nil {
		return nil, err
	}
	label := st.name
	if k := knownSettings[st.name]; k != nil {
		label = k.name
	}
	p.out = []pgwire.Column{{Name: label, OID: pgwire.OIDText}}
	return p, nil
}

func (p *showPlan) ParameterOIDs() []uint32  { return nil }
func (p *showPlan) Columns() []pgwire.Column { return p.out }

func (p *showPlan) bind(s *Session, _ []pgwire.Value) (pgwire.Portal, error) {
	var rows [][]pgwire.Value
	if p.name == "all" {
		for _, n := range slices.Sorted(maps.Keys(knownSettings)) {
			v, err := s.show(n)
			if err != nil {
				return nil, err
			}
			rows = append(rows, []pgwire.Value{pgwire.TextValue(knownSettings[n].name), pgwire.TextValue(v), pgwire.TextValue(knownSettings[n].about)})
		}
		return &rowsPortal{tag: "SHOW", columns: p.out, rows: rows}, nil
	}
	return &rowsPortal{tag: "SHOW", columns: p.out, load: func() ([][]pgwire.Value, error) {
		v, err := s.show(p.name)
		return [][]pgwire.Value{{pgwire.TextValue(v)}}, err
	}}, nil
}

// rowsPortal returns a few rows that are in memory.
type rowsPortal struct {
	tag     string
	counted bool // the tag ends in the number of rows
	columns []pgwire.Column
	rows    [][]pgwire.Value
	load    func() ([][]pgwire.Value, error) // called once, when executed
	at      int
}

func (p *rowsPortal) Columns() []pgwire.Column { return p.columns }
func (p *rowsPortal) Close()                   {}

func (p *rowsPortal) Execute(ctx context.Context, out *pgwire.Output, limit int64, _ pgwire.Lookahead) (pgwire.Tag, bool, error) {
	tag := pgwire.Tag{Command: p.tag, Rows: -1}
	if p.load != nil {
		var err error
		if p.rows, err = p.load(); err != nil {
			return tag, false, err
		}
		p.load = nil
	}
	n := int64(0)
	for ; p.at < len(p.rows); p.at++ {
		if limit > 0 && n == limit {
			return tag, false, nil
		}
		if err := out.Row(ctx, p.rows[p.at]); err != nil {
			return tag, false, err
		}
		n++
	}
	if p.counted {
		tag.Rows = n
	}
	return tag, true, nil
}
