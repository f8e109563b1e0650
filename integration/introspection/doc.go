// Package introspection asks Eventgres what clients ask of the catalog, and
// compares each answer with PostgreSQL's.
//
// TestLive runs clients as they are, behind a recorder (record_test.go) that remembers
// what each asked and was answered, on both servers, and compares statement by statement.
// Nothing of that is written anywhere. What is known to differ is listed in live_test.go.
//
// testdata/needs.sql has what tools that cannot run here need of the catalog (pgAdmin,
// DBeaver, DataGrip, Metabase, Grafana, Power BI, Hasura, Flyway and others), in our own
// words: a case a thing, with the tools that ask for it. The form is
//
//	-- case: columns with types
//	-- needed by: pgAdmin, DBeaver    which tools
//	-- params: text:events          one a line; type:value, or null:type
//	-- compare: columns REASON      what must agree; all, if not said
//	SELECT …
//
// and {events}, {constraint events_pkey}, {type streams}, … stand for the OID
// that each server gives that object. The ways to compare:
//
//	all             names and types of the columns, and the rows; in their order
//	                where the statement has an ORDER BY
//	rows WHY        the same in any order: the statement's leaves it open
//	columns WHY     names and types; the rows are the server's own
//	contains WHY    every row is one of PostgreSQL's, and the rows about our
//	                relations are all there
//	ours WHY        the rows about our relations, in any order
//	values WHY      the names of the columns, and the rows
//	refused SQLSTATE WHY
//	                Eventgres refuses it so; if it does not, as columns
//	error SQLSTATE  both refuse it so
//
// Why answers may differ, besides that the system's own objects are not all there:
//
//   - What is not supported is refused with 0A000: ranges, for example.
//   - Arrays begin at 1. int2vector and oidvector begin at 0 in both, but PostgreSQL
//     keeps that when it casts them to arrays.
//   - A table's row is a record: its text is the same, its type is not the table's.
//   - There are no TOAST tables, and one database.
//   - pg_depend tells which relations a view uses, not which columns, and little of
//     what the system's own objects depend on.
//   - stream_id is built in, language internal, where the schema for PostgreSQL has
//     a function of language sql.
//   - What a statement leaves open: rows by LIMIT and elements by array_agg without
//     an order.
//
// The definition of a view is what was written, and not PostgreSQL's print of what
// it understood: the two are written over alike.
//
// PostgreSQL's user is no superuser when it is asked, as Eventgres' is none. What it
// may not read a superuser asks again, for Eventgres shows the catalogs to everyone.
//
// Before rows are compared, what no two servers share is written over: OIDs of
// user objects become names, versions, sizes, transaction ids and the like a
// word in angle brackets.
//
// TestCorpusOnPostgres shows that PostgreSQL accepts the statements and answers
// them twice alike. TestIntrospection compares. The other tests run psql and
// the programs of testdata/programs on both servers and compare what they print;
// install.sh installs what those need.
//
//	go test ./integration/introspection -run TestLive/psql
//
// INTROSPECTION_SUMMARY=1 makes it print a line a failed case instead of the
// differences. EVENTGRES_CLIENTS_TARGET=postgres runs the same tests against
// PostgreSQL, which must pass them all: it tells a wrong test from a wrong server.
// An address instead of a name is of a server that runs and has the relations.
package introspection
