package role

import (
	"reflect"
	"slices"
)

// Over is a transaction's catalog over what is committed now, where others have changed other roles than it did. One side alone may have
// changed which roles there are, what they are called, and who is granted whom: those hang together.
func (c *Catalog) Over(now *Catalog) (*Catalog, error) {
	if c.base == nil || c.base.version == now.version {
		return c, nil
	}
	mine, structure := changes(c.base, c)
	theirs, other := changes(c.base, now)
	if structure && other {
		return nil, ErrChanged
	}
	for oid := range mine {
		if theirs[oid] {
			return nil, ErrChanged
		}
	}
	next := *now
	next.base, next.roles, next.next = now, slices.Clone(now.roles), max(now.next, c.next)
	if !reflect.DeepEqual(c.all, c.base.all) {
		if !reflect.DeepEqual(now.all, c.base.all) {
			return nil, ErrChanged
		}
		next.all = c.all
	}
	for oid := range mine {
		if r := c.byOID(oid); r != nil {
			next.put(r)
		} else {
			next.drop(oid)
		}
	}
	return next.finish()
}

// changes are the roles that differ. structure: it is not only in what they may, and in their settings.
func changes(before, after *Catalog) (oids map[uint32]bool, structure bool) {
	oids = map[uint32]bool{}
	for _, r := range before.roles {
		other := after.byOID(r.OID)
		if other == r || other != nil && reflect.DeepEqual(r, other) {
			continue
		}
		oids[r.OID] = true
		structure = structure || other == nil || other.Name != r.Name || !slices.Equal(other.MemberOf, r.MemberOf)
	}
	for _, r := range after.roles {
		if before.byOID(r.OID) == nil {
			oids[r.OID], structure = true, true
		}
	}
	return oids, structure
}
