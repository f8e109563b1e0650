package sqlstates

import (
	"fmt"
	"strings"
)

const head = `# Errors

Every SQLSTATE that the server sends, with PostgreSQL's name of it. Made of the codes in ` + "`pgwire/pgerror`" + ` and of what ` + "`integration/sqlstates`" + ` says of
them: ` + "`go test ./integration/sqlstates -run TestPage -rewrite`" + `. The examples are run by a test, with two events in ` + "`account-ada`" + ` and two roles.

An append that has failed with one of these did not happen, unless the last column says otherwise. It says whether the same may be sent again:

| again | |
|---|---|
| yes | at once, in a transaction of its own: read, decide and append anew. After 40001 that is how appends are meant |
| later | when its cause is gone; a driver waits a little, and longer each time |
| with ` + "`event_id`" + ` | it may have happened. With an ` + "`event_id`" + ` of one's own and ` + "`ON CONFLICT (event_id) DO NOTHING`" + ` it happens once, however often it is sent. So does a connection that breaks before the answer |
| no | it would fail in the same way |

Programs look at the code; messages are for people and may change.
`

// page is docs/errors.md.
func page(codes []code) (string, error) {
	var out strings.Builder
	out.WriteString(head)
	for _, c := range codes {
		said, ok := conditions[c.state]
		if !ok {
			return "", fmt.Errorf("nothing is said of %s, %s", c.state, c.name)
		}
		if c.class != "" {
			fmt.Fprintf(&out, "\n## %s\n\n| code, name | when | what to do | again |\n|---|---|---|---|\n", c.class)
		}
		when := said.when
		if said.example != "" {
			tick := "`"
			if strings.Contains(said.example, tick) {
				tick = "``"
			}
			when += ": " + tick + strings.ReplaceAll(said.example, "|", `\|`) + tick
		}
		fmt.Fprintf(&out, "| `%s` %s | %s | %s | %s |\n", c.state, c.condition(), when, said.do, said.again)
	}
	return out.String(), nil
}
