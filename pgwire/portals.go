package pgwire

import (
	"time"

	"github.com/eventgres/eventgres/pgwire/pgerror"
)

// portal is a Portal with what the protocol knows of it.
type portal struct {
	Portal
	of       *statement // nil: of none that has a name
	bytes    int64      // of its parameters
	formats  []int16    // as Bind gave them
	hold     bool       // outlives the transaction
	made     time.Time  // if it has a name
	fresh    bool       // made in the current transaction
	finished bool
	tag      Tag // of a finished portal that is executed again
}

func missingPortal(name string) error {
	return pgerror.Errorf(pgerror.InvalidCursorName, "portal \"%s\" does not exist", name)
}

// Portal returns the portal of a name, cursors included.
func (c *Conn) Portal(name string) (Portal, bool) {
	p := c.portal(name)
	if p == nil {
		return nil, false
	}
	return p.Portal, true
}

// AddPortal names a portal, as DECLARE does; 42P03 if the name is taken. One with hold
// outlives its transaction. It takes so many bytes.
func (c *Conn) AddPortal(name string, p Portal, hold bool, bytes int64) error {
	if c.portal(name) != nil {
		return pgerror.Errorf(pgerror.DuplicateCursor, "cursor \"%s\" already exists", name)
	}
	return c.putPortal(name, portal{Portal: p, hold: hold, fresh: true, bytes: bytes})
}

// DropPortal closes a portal and tells whether there was one.
func (c *Conn) DropPortal(name string) bool {
	known := c.portal(name) != nil
	c.dropPortal(name)
	return known
}

// Portals returns the names of the portals there are.
func (c *Conn) Portals() map[string]bool {
	names := make(map[string]bool, len(c.portals))
	for name := range c.portals {
		names[name] = true
	}
	if c.unnamed != nil {
		names[""] = true
	}
	return names
}

// DropNewPortals closes the portals made in the current transaction, which is being
// rolled back; those with hold too.
func (c *Conn) DropNewPortals() {
	for name, p := range c.portals {
		if p.fresh && p.hold {
			c.dropPortal(name)
		}
	}
	if p := c.unnamed; p != nil && p.fresh && p.hold {
		c.dropPortal("")
	}
}

// EndTransaction closes the portals that do not outlive it; with all, every portal.
func (c *Conn) EndTransaction(all bool) { c.closePortals(all) }

func (c *Conn) dropPortal(name string) {
	p := c.portal(name)
	if p == nil {
		return
	}
	if name == "" {
		c.unnamed = nil
	} else {
		delete(c.portals, name)
	}
	p.Close()
	_ = c.named.Add(-p.bytes)
	if p.of != nil {
		c.leave(p.of)
	}
	if name == "" {
		*p = portal{} // not to keep what it keeps
		c.spare = p
	}
}

// portal returns the portal of a name; nil if there is none.
func (c *Conn) portal(name string) *portal {
	if name == "" {
		return c.unnamed
	}
	return c.portals[name]
}

// putPortal enters a portal under a name that none has.
func (c *Conn) putPortal(name string, p portal) error {
	if name != "" {
		p.made = time.Now()
	}
	if name != "" && len(c.portals) >= maxNames {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "a connection may have %d portals at most", maxNames)
	}
	p.bytes += nameBytes + int64(len(name)+2*len(p.formats))
	if err := c.named.Add(p.bytes); err != nil {
		return err
	}
	if p.of != nil {
		p.of.users++
	}
	if name == "" {
		if c.spare == nil {
			c.spare = new(portal)
		}
		c.unnamed, c.spare = c.spare, nil
		*c.unnamed = p
		return nil
	}
	kept := p // of which nothing is taken for a portal without a name
	c.portals[name] = &kept
	return nil
}

// endPortals closes the portals of a transaction that has ended without a word of the client's, in a Query, by Sync or by an error.
func (c *Conn) endPortals() {
	if c.session.Status() == 'I' {
		c.closePortals(false)
	}
}

func (c *Conn) closePortals(all bool) {
	if p := c.unnamed; p != nil {
		if all || !p.hold {
			c.dropPortal("")
		} else {
			p.fresh = false
		}
	}
	for name, p := range c.portals {
		if all || !p.hold {
			c.dropPortal(name)
			continue
		}
		p.fresh = false
	}
}
