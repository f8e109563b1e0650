package policy

import (
	"errors"
	"strings"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/syntax"
)

// Seen tells which events somebody sees. It is one session's.
type Seen struct {
	where *expr.Scalar
	// PerStream: of a stream he sees all events or none.
	PerStream bool
	// Settings: it asks for settings of the session.
	Settings bool
	// Session: it asks for something else of the session, or of the time, than who acts.
	Session bool
	// Where is the condition as SQL, for the worker.
	Where string
	x     syntax.Expr
	src   string
}

// see makes it of the policies that are about who reads.
func see(host expr.Host, permissive, restrictive []*privilege.Policy) (*Seen, error) {
	s := &Seen{Where: combined(permissive, restrictive)}
	x, src, err := parse(s.Where)
	if err != nil {
		return nil, err
	}
	if s.where, err = compile(host, src, x); err != nil {
		return nil, err
	}
	s.x, s.src = x, src
	s.PerStream = true
	expr.Walk(x, func(x syntax.Expr) {
		switch x := x.(type) {
		case *syntax.ColumnExpr:
			s.PerStream = s.PerStream && perStream[relation.Events.ByName[x.Column]]
		case *syntax.CallExpr:
			s.Settings = s.Settings || x.Name == "current_setting"
			s.Session = s.Session || !expr.Immutable(x.Name) && !ofRole[x.Name]
		}
	})
	return s, nil
}

// Condition is the condition, and what compiles parts of it.
func (s *Seen) Condition(host expr.Host) (syntax.Expr, *expr.Compiler) {
	return s.x, compiler(host, s.src)
}

// ofRole are functions whose value follows from who acts, and others that no registration tells of: they ask for nothing.
var ofRole = map[string]bool{"current_user": true, "current_role": true, "user": true, "coalesce": true, "current_setting": true}

// combined is the condition that policies are together: one of the permissive that there are, and all of the restrictive.
func combined(permissive, restrictive []*privilege.Policy) string {
	var b strings.Builder
	for _, p := range permissive {
		if p.Using != "" {
			if b.Len() > 0 {
				b.WriteString(" OR ")
			}
			b.WriteString("(" + p.Using + "\n)")
		}
	}
	if b.Len() == 0 {
		return "false"
	}
	out := "(" + b.String() + ")"
	for _, p := range restrictive {
		if p.Using != "" {
			out += " AND (" + p.Using + "\n)"
		}
	}
	return out
}

// Sees tells whether an event is one of those. It uses e's row.
func (s *Seen) Sees(e *expr.Env, event *engine.RecordedEvent) (bool, error) {
	e.Row.Event = event
	return e.Meets(s.where)
}

// Added tells which events somebody may append.
type Added struct {
	permissive  *expr.Scalar // nil: none
	restrictive []named
}

// named is a condition with its policy's name.
type named struct {
	where *expr.Scalar
	name  string
}

// add makes it of the policies that are about who appends. seen: they are those of SELECT, for a statement that reads what it appends.
func add(host expr.Host, permissive, restrictive []*privilege.Policy, seen bool) (*Added, error) {
	a := &Added{}
	condition := func(p *privilege.Policy) string {
		if seen || p.Check == "" {
			return p.Using
		}
		return p.Check
	}
	var any []string
	for _, p := range permissive {
		if text := condition(p); text != "" {
			any = append(any, "("+text+"\n)")
		}
	}
	var err error
	if any != nil {
		if a.permissive, err = read(host, strings.Join(any, " OR ")); err != nil {
			return nil, err
		}
	}
	for _, p := range restrictive {
		if text := condition(p); text != "" {
			where, err := read(host, text)
			if err != nil {
				return nil, err
			}
			a.restrictive = append(a.restrictive, named{where, p.Name})
		}
	}
	return a, nil
}

// check checks an event that is to be appended.
func (a *Added) check(e *expr.Env, event *engine.RecordedEvent) error {
	e.Row.Event = event
	ok, err := a.permissive != nil, error(nil)
	if ok {
		ok, err = e.Meets(a.permissive)
	}
	if err == nil && !ok {
		err = pgerror.Errorf(pgerror.InsufficientPrivilege, "new row violates row-level security policy for table \"events\"")
	}
	for i := 0; i < len(a.restrictive) && err == nil; i++ {
		r := &a.restrictive[i]
		if ok, err = e.Meets(r.where); err == nil && !ok {
			err = pgerror.Errorf(pgerror.InsufficientPrivilege, "new row violates row-level security policy \"%s\" for table \"events\"", r.name)
		}
	}
	return err
}

// read compiles a condition that is kept.
func read(host expr.Host, text string) (*expr.Scalar, error) {
	x, src, err := parse(text)
	if err != nil {
		return nil, err
	}
	return compile(host, src, x)
}

// parse reads a condition that is kept.
func parse(text string) (x syntax.Expr, src string, err error) {
	if x, src, err = syntax.ParseCondition(text); err == nil && x == nil {
		err = pgerror.Errorf(pgerror.InternalError, "the condition of a policy cannot be read")
	}
	return x, src, err
}

// utc is a host of which conditions are compiled: they mean the same to everybody.
type utc struct{ expr.Host }

func (utc) Zone() *pgvalue.Zone { return pgvalue.UTC }

func (utc) Searches(schema string) bool { return schema == "pg_catalog" || schema == "public" }

// allowed are the columns that a condition may name, and perStream those of them that all events of a stream have alike.
var (
	allowed   = map[int]bool{relation.EventCategory: true, relation.EventStream: true, relation.EventStreamID: true, relation.EventType: true, relation.EventTags: true}
	perStream = map[int]bool{relation.EventCategory: true, relation.EventStream: true, relation.EventStreamID: true}
)

// Check checks a condition as it stands in a statement. zone is the session's.
func Check(host expr.Host, src string, e *syntax.PolicyExpr, zone *pgvalue.Zone) error {
	if _, err := compile(host, src, e.X); err != nil {
		return err
	}
	if zone.Key() != pgvalue.UTC.Key() && Timed(e.X) {
		return pgerror.Errorf(pgerror.FeatureNotSupported, "a condition about times can be made in time zone UTC alone").
			WithDetail("It means the same to everybody: what it says is read in UTC.").WithHint("SET TimeZone = 'UTC' first.").At(syntax.CharPosition(src, e.Pos))
	}
	return nil
}

// Timed tells whether a condition is about times.
func Timed(x syntax.Expr) (found bool) {
	isTime := func(oid uint32) bool {
		switch oid {
		case pgvalue.OIDTimestamptz, pgvalue.OIDTimestamp, pgvalue.OIDDate, pgvalue.OIDTime:
			return true
		}
		return false
	}
	expr.Walk(x, func(x syntax.Expr) {
		switch x := x.(type) {
		case *syntax.CastExpr:
			found = found || isTime(x.Typ.OID)
		case *syntax.CallExpr:
			found = found || expr.Returns(x.Name, isTime)
		}
	})
	return found
}

// hasColumn tells whether an expression is about an event. What can fail of such a one has no place in a condition: its error would quote what is
// hidden, and which of two conditions is tried first is not the same on every path.
func hasColumn(x syntax.Expr) (found bool) {
	expr.Walk(x, func(x syntax.Expr) {
		_, is := x.(*syntax.ColumnExpr)
		found = found || is
	})
	return found
}

func compiler(host expr.Host, src string) *expr.Compiler {
	return &expr.Compiler{Src: src, Host: utc{host}, Rel: relation.Events, Alias: relation.Events.Name}
}

func compile(host expr.Host, src string, x syntax.Expr) (*expr.Scalar, error) {
	c := compiler(host, src)
	var err error
	refuse := func(code, why string, at syntax.Expr) {
		if err == nil {
			err = c.At(pgerror.Errorf(code, "%s", why), at.Position())
		}
	}
	expr.Walk(x, func(x syntax.Expr) {
		switch y := x.(type) {
		case *syntax.ColumnExpr:
			if i, ok := relation.Events.ByName[y.Column]; ok && !allowed[i] && err == nil {
				err = c.At(pgerror.Errorf(pgerror.FeatureNotSupported, "column \"%s\" cannot be used in a policy", y.Column).
					WithHint("Policies are about category, stream, stream_id, type and tags."), x.Position())
			}
		case *syntax.CastExpr:
			if hasColumn(y.X) && !expr.IsText(y.Typ.OID) && y.Typ.OID != pgvalue.OIDTextArray {
				refuse(pgerror.FeatureNotSupported, "a cast that can fail cannot be used in a policy", x)
			}
		case *syntax.BinaryExpr:
			if (y.Op == "like" || y.Op == "ilike") && hasColumn(y.R) {
				refuse(pgerror.FeatureNotSupported, "a pattern that can fail cannot be used in a policy", x)
			}
		case *syntax.CallExpr:
			switch {
			case y.Unsupported == "a window function":
				refuse(pgerror.WindowingError, "window functions are not allowed in policy expressions", x)
			case expr.IsAggregate(x):
				refuse(pgerror.GroupingError, "aggregate functions are not allowed in policy expressions", x)
			case expr.Volatile(y.Name):
				refuse(pgerror.FeatureNotSupported, "a volatile function cannot be used in a policy", x)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	s, err := c.Boolean(x, "POLICY")
	if e := new(pgerror.Error); errors.As(err, &e) && e.Code == pgerror.FeatureNotSupported {
		own := *e
		own.Detail, own.Hint = "Conditions of policies know fewer expressions than SELECT does.", ""
		return nil, &own
	}
	return s, err
}
