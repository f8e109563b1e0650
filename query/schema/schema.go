package schema

import "github.com/eventgres/eventgres/query/analytics"

// Schema is what can be defined beside the fixed relations: views, and comments. It
// is immutable; a transaction that changes it has its own until it commits.
type Schema struct {
	analytics.Schema
	seen int64             // of the store's watch, when it was read
	keys map[string]string // of the views' records, by the views' names
	// base is what was committed when a transaction first changed it; nil: this is committed.
	base  *Schema
	texts int64 // bytes of a committed one
	own   int64 // bytes that a transaction's takes beside its base
}

// View finds a view by name, nil if there is none.
func (d *Schema) View(name string) *analytics.View {
	for i := range d.Views {
		if d.Views[i].Name == name {
			return &d.Views[i]
		}
	}
	return nil
}

// List is the views, never nil.
func (d *Schema) List() []analytics.View {
	if d.Views == nil {
		return []analytics.View{}
	}
	return d.Views
}

// firstViewOID is the first view's; each takes three, for its row type and the array of it.
const firstViewOID = 100_000

// NextOID is the next view's.
func (d *Schema) NextOID() uint32 {
	next := uint32(firstViewOID)
	for _, v := range d.Views {
		next = max(next, v.OID+3)
	}
	return next
}

// Publication finds a publication by name, nil if there is none.
func (d *Schema) Publication(name string) *analytics.Publication {
	for i := range d.Publications {
		if d.Publications[i].Name == name {
			return &d.Publications[i]
		}
	}
	return nil
}

// firstPublicationOID is the first publication's; each takes two.
const firstPublicationOID = 19_000

// NextPublicationOID is the next publication's.
func (d *Schema) NextPublicationOID() uint32 {
	next := uint32(firstPublicationOID)
	for i := range d.Publications {
		next = max(next, d.Publications[i].OID+2)
	}
	return next
}
