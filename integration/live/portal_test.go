package live

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// portal is a portal of the extended protocol that is executed some rows at a time: each time it waits for the first of them, and returns what
// is there.
func (f *follower) portal(ctx context.Context, c *pgx.Conn) error {
	f.forms["portal"]++
	over := f.written.Load()
	front := c.PgConn().Frontend()
	defer f.disturb(ctx, c)()
	front.SendParse(&pgproto3.Parse{Query: f.sql("position")})
	front.SendBind(&pgproto3.Bind{DestinationPortal: "p"})
	front.SendDescribe(&pgproto3.Describe{ObjectType: 'P', Name: "p"})
	for n := 1 + f.r.IntN(20); n > 0 || over; n-- {
		front.SendExecute(&pgproto3.Execute{Portal: "p", MaxRows: uint32(1 + f.r.IntN(100))})
		front.Send(&pgproto3.Flush{})
		if err := front.Flush(); err != nil {
			return err
		}
		rows := 0
		for again := false; !again; {
			m, err := front.Receive()
			if err != nil {
				return err
			}
			switch m := m.(type) {
			case *pgproto3.DataRow:
				position, err := strconv.ParseInt(string(m.Values[0]), 10, 64)
				if err != nil {
					return err
				}
				f.saw(position)
				rows++
			case *pgproto3.PortalSuspended:
				if rows == 0 {
					f.Error("PortalSuspended without a row")
				}
				again = true
			case *pgproto3.CommandComplete:
				if !over {
					f.Errorf("the portal is over: %s", m.CommandTag)
				}
				f.reached(true)
				return nil
			case *pgproto3.ErrorResponse:
				return pgconnError(m)
			}
		}
	}
	return nil
}
