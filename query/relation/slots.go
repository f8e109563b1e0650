package relation

import (
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/syntax"
)

// What PostgreSQL's functions of replication slots return, in FROM.
var (
	CreatedSlot = served(syntax.CreateSlotFunction, 0, 2, []Column{{Name: "slot_name", OID: pgvalue.OIDName}, {Name: "lsn", OID: pgvalue.OIDPgLSN}})
	GotChanges  = changes(syntax.GetChangesFunction)
	PeekChanges = changes(syntax.PeekChangesFunction)
)

func changes(name string) *Relation {
	return served(name, 0, 3, []Column{{Name: "lsn", OID: pgvalue.OIDPgLSN}, {Name: "xid", OID: pgvalue.OIDXid}, {Name: "data", OID: pgvalue.OIDText}})
}

// maxChangeOptions bounds the options of a plugin's, each with its value, that may be written behind the arguments.
const maxChangeOptions = 20

// slotFunction is one of those functions, of which pg_proc has what PostgreSQL's has.
func slotFunction(name string, args []uint32, names []string, defaults ...string) *Function {
	return &Function{Schema: "pg_catalog", Name: name, Args: args, ArgNames: names, Defaults: defaults, Result: pgvalue.OIDRecord, Volatile: 'v', Effects: true}
}

func changeFunction(name string) *Function {
	f := slotFunction(name, []uint32{pgvalue.OIDName, pgvalue.OIDPgLSN, pgvalue.OIDInt4}, []string{"slot_name", "upto_lsn", "upto_nchanges"})
	for range 2 * maxChangeOptions {
		f.Args, f.ArgNames, f.Defaults = append(f.Args, pgvalue.OIDText), append(f.ArgNames, ""), append(f.Defaults, "NULL")
	}
	return f
}

// tableFunctions are the functions that the native path knows in FROM, by what they return.
var tableFunctions = map[*Relation]*Function{
	Auth: AuthQuery, Consumed: Consume, GotChanges: changeFunction(GotChanges.Name), PeekChanges: changeFunction(PeekChanges.Name),
	StreamMessages: GetStreamMessages, CategoryMessages: GetCategoryMessages, LastStreamMessage: GetLastStreamMessage,
	CreatedSlot: slotFunction(CreatedSlot.Name, []uint32{pgvalue.OIDName, pgvalue.OIDName, pgvalue.OIDBool, pgvalue.OIDBool},
		[]string{"slot_name", "plugin", "temporary", "twophase"}, "'false'", "'false'"),
}

// FunctionOf is the function that returns a relation.
func FunctionOf(r *Relation) *Function { return tableFunctions[r] }
