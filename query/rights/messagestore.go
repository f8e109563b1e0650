package rights

import (
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/privilege"
)

// MessageStore checks that the session may use schema message_store, and what it wants of messages: who has the rights of the role of that name may.
// What a query of messages reads of events is read as their owner would, as in a view.
func (r *Rights) MessageStore(privilege.Set) error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.All || r.usesMessageStore(r.User):
		return nil
	}
	return denied("schema", privilege.MessageStore)
}

// ChangesMessages is why messages cannot be changed: the role message_store has no right to, and nobody can.
func (r *Rights) ChangesMessages(what string) error {
	if err := r.MessageStore(0); err != nil {
		return err
	}
	if !r.All || r.Roles.Named(privilege.MessageStore) == nil {
		return denied("table", "messages")
	}
	return pgerror.Errorf(pgerror.FeatureNotSupported, "%s is not possible: messages are immutable", what)
}

// messageStoreAs checks that messages may be read; as is the role that counts, 0: the session's.
func (r *Rights) messageStoreAs(as uint32) error {
	if as == 0 {
		return r.MessageStore(privilege.Select)
	}
	if r.usesMessageStore(as) || r.Roles.Superuser(as) {
		return nil
	}
	return denied("schema", privilege.MessageStore)
}

func (r *Rights) usesMessageStore(as uint32) bool {
	role := r.Roles.Named(privilege.MessageStore)
	return role != nil && r.Roles.Uses(as, role.OID)
}
