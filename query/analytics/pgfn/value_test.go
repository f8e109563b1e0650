package pgfn

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
)

// pgwireFloat is a float8's text.
func pgwireFloat(f float64) string {
	v := pgvalue.FloatValue(f)
	return string(pgvalue.AppendText(nil, pgvalue.OIDFloat8, &v, pgvalue.UTC))
}
