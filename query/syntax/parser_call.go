package syntax

import "github.com/eventgres/eventgres/pgwire/pgerror"

// The functions that the native path knows in FROM.
const (
	AuthFunction    = "eventgres_auth"
	ConsumeFunction = "consume"

	CreateSlotFunction  = "pg_create_logical_replication_slot"
	GetChangesFunction  = "pg_logical_slot_get_changes"
	PeekChangesFunction = "pg_logical_slot_peek_changes"
)

// inFrom tells of one of them.
func inFrom(name string) bool {
	switch name {
	case AuthFunction, ConsumeFunction, CreateSlotFunction, GetChangesFunction, PeekChangesFunction:
		return true
	case "get_stream_messages", "get_category_messages", "get_last_stream_message": // and, of one value, what their clients call so
		return true
	case "write_message", "stream_version", "category", "id", "cardinal_id", "is_category", "hash_64", "acquire_lock", "message_store_version":
		return true
	case "pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_xact_lock", "pg_advisory_unlock":
		return true
	}
	return false
}

// Consumes tells of a SELECT that is about what consume returns.
func (s *SelectStmt) Consumes() bool {
	return s != nil && s.From != nil && s.From.Called && s.From.Table == ConsumeFunction
}

// tableFunction takes the arguments of one of those, if a name in FROM is its.
func (p *parser) tableFunction(r *RelationRef) bool {
	if !inFrom(r.Table) {
		return false
	}
	start := *p
	p.advance()
	c := &CallExpr{Name: r.Table}
	err := p.try(func() {
		if !p.isOp(")") {
			p.callArguments(c)
		}
	})
	if IsLimit(err) {
		p.fail(err)
	}
	if one := r.Table != AuthFunction || len(c.Args) == 1 && c.ArgNames == nil; err != nil || !one || !p.op(")") {
		*p = start
		return false
	}
	r.Called, r.Args, r.ArgNames = true, c.Args, c.ArgNames
	return true
}

// callArguments takes the arguments of a call, one at least.
func (p *parser) callArguments(c *CallExpr) {
	for {
		if unlimited := c.Name == "coalesce" || c.Name == "greatest" || c.Name == "least"; unlimited {
			p.room(len(c.Args), MaxList, c.Name)
		} else if len(c.Args) >= maxArguments {
			p.tooMany(pgerror.TooManyArguments, "cannot pass more than %d arguments to a function", maxArguments)
		}
		p.word("variadic")
		at, bare := p.tok.Pos, p.tok.Kind == TokIdent
		x := p.expression()
		if p.isOp("=>") || p.isOp(":=") {
			name, ok := x.(*ColumnExpr)
			if !ok || name.Table != "" || name.Column == "*" || bare && columnWords[name.Column] {
				p.unexpected()
			}
			if c.ArgNames == nil {
				c.ArgNames = make([]string, len(c.Args))
			}
			c.ArgNames = append(c.ArgNames, name.Column)
			p.advance()
			x = p.expression()
		} else if c.ArgNames != nil {
			if last := c.ArgNames[len(c.ArgNames)-1]; last != "" {
				p.fail(pgerror.Errorf(pgerror.SyntaxError, "positional argument cannot follow named argument").At(CharPosition(p.Src, at)))
			}
			c.ArgNames = append(c.ArgNames, "")
		}
		c.Args = append(c.Args, x)
		if !p.op(",") {
			return
		}
	}
}
