package syntax

// AuthFunction is the one function that the native path knows in FROM.
const AuthFunction = "eventgres_auth"

// authFunction takes the arguments of that function, if a name in FROM is its.
func (p *parser) authFunction(r *RelationRef) bool {
	if r.Table != AuthFunction {
		return false
	}
	start := *p
	p.advance()
	x, err := p.tryExpression()
	if IsLimit(err) {
		p.fail(err)
	}
	if err != nil || !p.op(")") { // it has one argument
		*p = start
		return false
	}
	r.Called, r.Args = true, []Expr{x}
	return true
}
