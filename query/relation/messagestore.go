package relation

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Columns of Messages.
const (
	MessageGlobalPosition = iota
	MessagePosition
	MessageTime
	MessageStreamName
	MessageType
	MessageData
	MessageMetadata
	MessageID
)

// Messages are the events of named streams as Message DB's clients know them: positions of the log begin at 1.
var Messages = messageStore("messages", 16901, []Column{
	{Name: "global_position", OID: pgvalue.OIDInt8, NotNull: true},
	{Name: "position", OID: pgvalue.OIDInt8, NotNull: true},
	{Name: "time", OID: pgvalue.OIDTimestamp, NotNull: true},
	{Name: "stream_name", OID: pgvalue.OIDText, NotNull: true},
	{Name: "type", OID: pgvalue.OIDText, NotNull: true},
	{Name: "data", OID: pgvalue.OIDJSONB},
	{Name: "metadata", OID: pgvalue.OIDJSONB},
	{Name: "id", OID: pgvalue.OIDUUID, NotNull: true},
})

// Columns of a row of type message.
const (
	FoundID = iota
	FoundStreamName
	FoundType
	FoundPosition
	FoundGlobalPosition
	FoundData
	FoundMetadata
	FoundTime
)

var message = []Column{
	{Name: "id", OID: pgvalue.OIDVarchar},
	{Name: "stream_name", OID: pgvalue.OIDVarchar},
	{Name: "type", OID: pgvalue.OIDVarchar},
	{Name: "position", OID: pgvalue.OIDInt8},
	{Name: "global_position", OID: pgvalue.OIDInt8},
	{Name: "data", OID: pgvalue.OIDVarchar},
	{Name: "metadata", OID: pgvalue.OIDVarchar},
	{Name: "time", OID: pgvalue.OIDTimestamp},
}

// What Message DB's functions return that return messages.
var (
	StreamMessages    = messageStore("get_stream_messages", 0, message)
	CategoryMessages  = messageStore("get_category_messages", 0, message)
	LastStreamMessage = messageStore("get_last_stream_message", 0, message)
)

func messageStore(name string, oid uint32, columns []Column) *Relation {
	r := served(name, oid, len(columns), columns)
	r.MessageStore = true
	return r
}

// OIDs of the schema and of its type message.
const (
	MessageStoreOID      = 16900
	MessageTypeOID       = 16920
	MessageArrayTypeOID  = 16921
	MessageRelationOID   = 16922 // in pg_class, as each composite type has one
	MessagesTypeOID      = 16923
	MessagesArrayTypeOID = 16924
)

// Message DB's functions.
var (
	WriteMessage = messageFunction(16902, "write_message", pgvalue.OIDInt8, 'v', "append a message to a stream, and tell its position there",
		[]string{"id", "stream_name", "type", "data", "metadata", "expected_version"},
		[]uint32{pgvalue.OIDVarchar, pgvalue.OIDVarchar, pgvalue.OIDVarchar, pgvalue.OIDJSONB, pgvalue.OIDJSONB, pgvalue.OIDInt8}, "NULL", "NULL")
	GetStreamMessages = messageFunction(16903, StreamMessages.Name, MessageTypeOID, 'v', "messages of a stream, from a position on",
		[]string{"stream_name", "position", "batch_size", "condition"},
		[]uint32{pgvalue.OIDVarchar, pgvalue.OIDInt8, pgvalue.OIDInt8, pgvalue.OIDVarchar}, "0", "1000", "NULL")
	GetCategoryMessages = messageFunction(16904, CategoryMessages.Name, MessageTypeOID, 'v', "messages of all streams of a category, from a position of the log on",
		[]string{"category", "position", "batch_size", "correlation", "consumer_group_member", "consumer_group_size", "condition"},
		[]uint32{pgvalue.OIDVarchar, pgvalue.OIDInt8, pgvalue.OIDInt8, pgvalue.OIDVarchar, pgvalue.OIDInt8, pgvalue.OIDInt8, pgvalue.OIDVarchar},
		"1", "1000", "NULL", "NULL", "NULL", "NULL")
	GetLastStreamMessage = messageFunction(16905, LastStreamMessage.Name, MessageTypeOID, 'v', "the last message of a stream, or of a type there",
		[]string{"stream_name", "type"}, []uint32{pgvalue.OIDVarchar, pgvalue.OIDVarchar}, "NULL")
	VersionOfStream     = messageFunction(16906, "stream_version", pgvalue.OIDInt8, 'v', "the position of a stream's last message", ofStream, oneText)
	CategoryOf          = messageFunction(16907, "category", pgvalue.OIDVarchar, 'i', "the category of a stream's name", ofStream, oneText)
	IDOf                = messageFunction(16908, "id", pgvalue.OIDVarchar, 'i', "what identifies a stream in its category", ofStream, oneText)
	CardinalID          = messageFunction(16909, "cardinal_id", pgvalue.OIDVarchar, 'i', "the first part of a compound id", ofStream, oneText)
	IsCategory          = messageFunction(16910, "is_category", pgvalue.OIDBool, 'i', "whether a name is a category's", ofStream, oneText)
	MessageStoreVersion = messageFunction(16911, "message_store_version", pgvalue.OIDVarchar, 'v', "the version of Message DB whose interface this is", nil, nil)
	Hash64              = messageFunction(16912, "hash_64", pgvalue.OIDInt8, 'i', "a number made of a text", []string{"value"}, oneText)
	AcquireLock         = messageFunction(16913, "acquire_lock", pgvalue.OIDInt8, 'v', "lock a stream's category until the transaction ends", ofStream, oneText)
)

var ofStream, oneText = []string{"stream_name"}, []uint32{pgvalue.OIDVarchar}

// MessageStoreFunctions are all of them.
var MessageStoreFunctions = []*Function{
	AcquireLock, CardinalID, CategoryOf, GetCategoryMessages, GetLastStreamMessage, GetStreamMessages, Hash64, IDOf, IsCategory, MessageStoreVersion, VersionOfStream, WriteMessage,
}

func messageFunction(oid uint32, name string, result uint32, volatile byte, about string, names []string, args []uint32, defaults ...string) *Function {
	return &Function{
		OID: oid, Schema: searchpath.MessageStore, Name: name, Args: args, ArgNames: names, Defaults: defaults, Result: result, Volatile: volatile,
		Effects: name == "write_message" || name == "acquire_lock", About: about, Source: "\nBEGIN\n  -- the server itself does it\nEND",
	}
}

// Value is what a function of one value returns in FROM.
func Value(name string, oid uint32) *Relation {
	return served(name, 0, 1, []Column{{Name: name, OID: oid}})
}

// Returns tells whether a function returns a relation that the native path knows.
func Returns(name string) bool {
	for _, f := range tableFunctions {
		if f.Name == name {
			return true
		}
	}
	return false
}

// MessageSummaries are Message DB's views, which count messages by some of what they have.
var MessageSummaries = func() (list []*Relation) {
	for i, keys := range [][]Column{{ofName}, {ofType}, {ofName, ofType}, {ofType, ofName}, {ofCategory, ofType}, {ofType, ofCategory}} {
		name := ""
		for _, k := range keys {
			name += map[Column]string{ofName: "stream_", ofType: "type_", ofCategory: "category_"}[k]
		}
		columns := append(append([]Column(nil), keys...), Column{Name: "message_count", OID: pgvalue.OIDInt8}, Column{Name: "percent", OID: pgvalue.OIDNumeric})
		list = append(list, messageStore(name+"summary", 16930+4*uint32(i), columns))
	}
	return list
}()

// What they count by.
var (
	ofName     = Column{Name: "stream_name", OID: pgvalue.OIDText}
	ofType     = Column{Name: "type", OID: pgvalue.OIDText}
	ofCategory = Column{Name: "category", OID: pgvalue.OIDVarchar}
)

// OfMessageStore tells of the OID of something in schema message_store.
func OfMessageStore(oid uint32) bool { return oid >= MessageStoreOID && oid < MessageStoreOID+100 }

// IsMessages tells whether a name means messages.
func IsMessages(ref *syntax.RelationRef, path searchpath.Path) bool {
	return Messages.inMessageStore(ref, path)
}

// InMessageStore is messages or the summary that a name means, nil if it means neither.
func InMessageStore(ref *syntax.RelationRef, path searchpath.Path) *Relation {
	if IsMessages(ref, path) {
		return Messages
	}
	for _, r := range MessageSummaries {
		if r.inMessageStore(ref, path) {
			return r
		}
	}
	return nil
}

// inMessageStore tells whether a name means a relation of schema message_store.
func (r *Relation) inMessageStore(ref *syntax.RelationRef, path searchpath.Path) bool {
	return ref.Table == r.Name && (ref.Schema == searchpath.MessageStore || ref.Schema == "" && path.Has(searchpath.MessageStore))
}
