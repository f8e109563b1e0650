package pgfn

import "github.com/eventgres/eventgres/pgwire"

// pgwireFloat is a float8's text.
func pgwireFloat(f float64) string {
	v := pgwire.FloatValue(f)
	return string(pgwire.AppendText(nil, pgwire.OIDFloat8, &v, pgwire.UTC))
}
