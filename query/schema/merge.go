package schema

import (
	"maps"
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics"
	"github.com/eventgres/eventgres/query/privilege"
)

// A transaction has a schema of its own once it has changed something. When it commits, its changes are put over what others have
// committed meanwhile.

// With is the schema with other views and comments, for a transaction.
func (d *Schema) With(views []analytics.View, comments map[string]string) *Schema {
	next := *d
	if next.base == nil {
		next.base = d
	}
	next.Views, next.Comments = views, comments
	next.own = next.beside(next.base)
	return &next
}

// Granted is the schema with other grants on something, for a transaction.
func (d *Schema) Granted(on string, acl []privilege.Grant) *Schema {
	views, grants := d.Views, d.Grants
	if i := slices.IndexFunc(views, func(v analytics.View) bool { return v.Name == on }); i >= 0 {
		views = slices.Clone(views)
		views[i].ACL = acl
	} else {
		if grants = maps.Clone(grants); grants == nil {
			grants = map[string][]privilege.Grant{}
		}
		grants[on] = acl
	}
	next := d.With(views, d.Comments)
	next.Grants = grants
	next.own = next.beside(next.base)
	return next
}

// Secured is the schema with other policies on events, for a transaction.
func (d *Schema) Secured(security privilege.RowSecurity) *Schema {
	next := d.With(d.Views, d.Comments)
	next.Security = security
	next.own = next.beside(next.base)
	return next
}

// Published is the schema with other publications, for a transaction.
func (d *Schema) Published(list []analytics.Publication) *Schema {
	next := d.With(d.Views, d.Comments)
	next.Publications = list
	next.own = next.beside(next.base)
	return next
}

// MaxPublications bounds the publications, and maxPublicationBytes their texts: each event may have to be held against each.
const (
	MaxPublications     = 100
	maxPublicationBytes = 256 << 10
)

// publicationTexts are the bytes of publications.
func publicationTexts(list []analytics.Publication) (size int64) {
	for i := range list {
		p := &list[i]
		size += viewBytes + int64(len(p.Name)+len(p.Where)+8*len(p.Columns))
	}
	return size
}

const (
	// maxViews bounds the views, which are all told to every connection of the worker.
	maxViews     = 10_000
	maxViewBytes = 16 << 20 // of their texts, and of what is granted
	grantBytes   = 64       // of a grant, in a record too
	// What bounds the policies: every row may have to be held against each, and every session compiles those that are about it.
	maxPolicies    = 100
	maxPolicyBytes = 256 << 10
	// viewBytes is what a view in a list takes, beside its texts.
	viewBytes = 256
)

// Bytes is what a transaction's schema takes, and what it was made of: when others commit, the transaction alone keeps that. nil: none.
func (d *Schema) Bytes() int64 {
	if d == nil || d.base == nil {
		return 0
	}
	return d.own + d.base.texts
}

// Own is what of Bytes is the schema's own.
func (d *Schema) Own() int64 {
	if d == nil {
		return 0
	}
	return d.own
}

// size are the bytes of the texts of a schema.
func (d *Schema) size() (size int64) {
	for i := range d.Views {
		size += viewTexts(&d.Views[i])
	}
	for name, text := range d.Comments {
		size += int64(len(name) + len(text))
	}
	for _, list := range d.Grants {
		size += grantBytes * int64(len(list))
	}
	return size + securityTexts(&d.Security) + publicationTexts(d.Publications)
}

// securityTexts are the bytes of policies.
func securityTexts(s *privilege.RowSecurity) (size int64) {
	for i := range s.Policies {
		p := &s.Policies[i]
		size += viewBytes + int64(len(p.Name)+len(p.Using)+len(p.Check)+len(p.Comment)+8*len(p.Roles))
	}
	return size
}

// Check bounds the texts of a schema, and how many there are.
func (d *Schema) Check() error {
	if d.size() > maxViewBytes {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "all views, policies and comments may have %d bytes at most", maxViewBytes)
	}
	if len(d.Views) > maxViews {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d views at most", maxViews)
	}
	if len(d.Security.Policies) > maxPolicies {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d policies at most", maxPolicies)
	}
	if len(d.Publications) > MaxPublications {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "there may be %d publications at most", MaxPublications)
	}
	if publicationTexts(d.Publications) > maxPublicationBytes {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "all publications may have %d bytes at most", maxPublicationBytes)
	}
	if securityTexts(&d.Security) > maxPolicyBytes {
		return pgerror.Errorf(pgerror.ProgramLimitExceeded, "all policies may have %d bytes at most", maxPolicyBytes)
	}
	return nil
}

// viewTexts are the bytes of a view's texts.
func viewTexts(v *analytics.View) int64 {
	size := len(v.Name) + len(v.Query) + len(v.Comment)
	for i := range v.Columns {
		size += len(v.Columns[i].Name)
	}
	for column, text := range v.Notes {
		size += len(column) + len(text)
	}
	for _, o := range v.Options {
		size += len(o)
	}
	return int64(size) + grantBytes*int64(len(v.ACL))
}

// beside are the bytes that a schema takes beside the one that it was made of.
func (d *Schema) beside(base *Schema) int64 {
	size := viewBytes * int64(len(d.Views)+len(d.Comments))
	before := base.byName()
	for i := range d.Views {
		if v := &d.Views[i]; !sameView(v, before[v.Name]) {
			size += viewTexts(v)
		}
	}
	for of, text := range d.Comments {
		if base.Comments[of] != text {
			size += int64(len(of) + len(text))
		}
	}
	for on, list := range d.Grants {
		if !privilege.Same(list, base.Grants[on]) {
			size += grantBytes * int64(len(list))
		}
	}
	if !privilege.SameSecurity(d.Security, base.Security) {
		size += securityTexts(&d.Security)
	}
	if !analytics.SamePublications(d.Publications, base.Publications) {
		size += publicationTexts(d.Publications)
	}
	return size
}

// byName are the views by their names.
func (d *Schema) byName() map[string]*analytics.View {
	views := make(map[string]*analytics.View, len(d.Views))
	for i := range d.Views {
		views[d.Views[i].Name] = &d.Views[i]
	}
	return views
}

// sameQuery tells whether two views are the same to those that use them; nil: there is none.
func sameQuery(a, b *analytics.View) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.OID == b.OID && a.Query == b.Query && a.Zone == b.Zone && a.Path == b.Path && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Options, b.Options)
}

// sameView tells whether two views of one name are the same, with what is said of them and granted on them.
func sameView(a, b *analytics.View) bool {
	return sameQuery(a, b) && (a == nil ||
		a.Comment == b.Comment && maps.Equal(a.Notes, b.Notes) && a.Owner == b.Owner && privilege.Same(a.ACL, b.ACL))
}

// errRedefined is what a transaction gets whose schema does not go together with what somebody else has committed.
var errRedefined = pgerror.Errorf(pgerror.SerializationFailure, "could not serialize access due to concurrent update").
	WithHint("The transaction might succeed if retried.")

// Over is a transaction's schema over what is committed now, for its rights.
func (d *Schema) Over(now *Schema) (*Schema, error) { return d.over(now) }

// over is a transaction's schema over what is committed now, where others have changed other views than it did. Neither may
// have changed or dropped what the other's new views use.
func (d *Schema) over(now *Schema) (*Schema, error) {
	if d.base.Version == now.Version {
		return d, nil
	}
	base, own, theirs := d.base.byName(), d.byName(), now.byName()
	mine, other := changedViews(base, own), changedViews(base, theirs)
	for name := range mine {
		if _, both := other[name]; both {
			return nil, errRedefined
		}
	}
	if breaks(mine, own, other, theirs, base) || breaks(other, theirs, mine, own, base) {
		return nil, errRedefined
	}
	grants := maps.Clone(now.Grants)
	for on, list := range d.Grants {
		if privilege.Same(list, d.base.Grants[on]) {
			continue
		}
		if !privilege.Same(now.Grants[on], d.base.Grants[on]) {
			return nil, errRedefined // each would lose the other's
		}
		if grants == nil {
			grants = map[string][]privilege.Grant{}
		}
		grants[on] = list
	}
	next := *now
	next.base, next.own, next.Grants = now, d.own, grants
	if !privilege.SameSecurity(d.Security, d.base.Security) {
		if !privilege.SameSecurity(now.Security, d.base.Security) {
			return nil, errRedefined
		}
		next.Security = d.Security
	}
	if !analytics.SamePublications(d.Publications, d.base.Publications) {
		if !analytics.SamePublications(now.Publications, d.base.Publications) {
			return nil, errRedefined
		}
		next.Publications = d.Publications
	}
	next.Views = slices.DeleteFunc(slices.Clone(now.Views), func(v analytics.View) bool { return mine[v.Name] != nil })
	for i := range d.Views {
		v := d.Views[i]
		if mine[v.Name] == nil {
			continue
		}
		if base[v.Name] == nil { // its number may be another's by now
			v.OID = max(v.OID, next.NextOID())
		}
		next.Views = append(next.Views, v)
	}
	next.Comments = maps.Clone(now.Comments)
	for of, text := range d.Comments {
		if old, had := d.base.Comments[of]; had && old == text {
			continue
		}
		if next.Comments == nil {
			next.Comments = map[string]string{}
		}
		next.Comments[of] = text
	}
	return &next, next.Check()
}

// changedViews are the names of views that differ, each with whichever there is of it.
func changedViews(before, after map[string]*analytics.View) map[string]*analytics.View {
	changed := map[string]*analytics.View{}
	for name, v := range before {
		if !sameView(v, after[name]) {
			changed[name] = v
		}
	}
	for name, v := range after {
		if before[name] == nil {
			changed[name] = v
		}
	}
	return changed
}

// breaks tells whether what one side has changed or dropped of the base is used by what the other has made.
func breaks(changed, after, others, othersAfter, base map[string]*analytics.View) bool {
	for name := range changed {
		if base[name] == nil || sameQuery(base[name], after[name]) {
			continue // it is new, or has another comment
		}
		for other := range others {
			if v := othersAfter[other]; v != nil && Mentions(v.Query, name) {
				return true
			}
		}
	}
	return false
}

// Mentions tells whether a query may use a view of a name.
func Mentions(query, name string) bool {
	query = strings.ToLower(query)
	return strings.Contains(query, strings.ToLower(name)) ||
		strings.Contains(query, strings.ToLower(strings.ReplaceAll(name, `"`, `""`)))
}
