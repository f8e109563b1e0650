package replication

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/expr"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/schema"
)

// wal2json writes JSON, in the shape of the plugin of that name: a text for each append in format 1, for each row in format 2. It knows no
// publications: what is sent is what the session sees.
type wal2json struct {
	w      *Sender
	format int
	xids, timestamps, schemas, types, lsns, transactions, chunks,
	keys bool
	nothing bool // its lists of tables and actions leave nothing

	buffer []byte // of the append, in format 1
	held   int64  // what was taken for it
	rows   int
	value  pgvalue.Value
	row    relation.Row
	text   []byte
}

func newWal2json(w *Sender, options []Option) (*wal2json, error) {
	j := &wal2json{w: w, format: 1, schemas: true, types: true, transactions: true}
	flags := map[string]*bool{
		"include-xids": &j.xids, "include-timestamp": &j.timestamps, "include-schemas": &j.schemas, "include-types": &j.types,
		"include-lsn": &j.lsns, "include-transaction": &j.transactions, "write-in-chunks": &j.chunks, "include-pk": &j.keys,
		// What they say more of is not there, or is always so.
		"include-origin": nil, "include-typmod": nil, "include-type-oids": nil, "include-not-null": nil, "include-default": nil,
		"include-column-positions": nil, "include-domain-data-type": nil, "include-unchanged-toast": nil, "numeric-data-types-as-string": nil,
	}
	for _, o := range options {
		var err error
		flag, known := flags[o.Name]
		switch {
		case flag != nil:
			*flag, err = boolOption(o)
		case known:
			_, err = boolOption(o)
		case o.Name == "pretty-print":
			var pretty bool
			if pretty, err = boolOption(o); pretty {
				err = pgerror.Errorf(pgerror.FeatureNotSupported, "pretty-print is not supported")
			}
		case o.Name == "format-version":
			if j.format, err = numberOption(o); err == nil && j.format != 1 && j.format != 2 {
				err = pgerror.Errorf(pgerror.InvalidParameterValue, "client sent format_version=%d but we only support format %d or lower", j.format, 2)
			}
		case o.Name == "add-tables":
			j.nothing = j.nothing || !names(o.Value, "public", relation.Events.Name)
		case o.Name == "filter-tables":
			j.nothing = j.nothing || names(o.Value, "public", relation.Events.Name)
		case o.Name == "actions":
			j.nothing = j.nothing || !strings.Contains(","+strings.ReplaceAll(o.Value, " ", "")+",", ",insert,")
		case o.Name == "add-msg-prefixes", o.Name == "filter-msg-prefixes", o.Name == "filter-origins": // there are none
		default:
			err = pgerror.Errorf(pgerror.InvalidParameterValue, "option \"%s\" = \"%s\" is unknown", o.Name, o.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	return j, nil
}

// names tells whether a list of tables has one, where * is any.
func names(list, schema, table string) bool {
	for item := range strings.SplitSeq(list, ",") {
		s, t, _ := strings.Cut(strings.TrimSpace(item), ".")
		if (s == "*" || s == schema) && (t == "*" || t == table) {
			return true
		}
	}
	return false
}

func (j *wal2json) look(*schema.Schema) error { return nil }

func (j *wal2json) wants(*expr.Env, *engine.RecordedEvent) (bool, error) { return !j.nothing, nil }

// timestamp is a time as PostgreSQL writes it.
func timestamp(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05.999999-07")
}

// head appends what is told of the append: in format 1 of all of it, in 2 beside each row.
func (j *wal2json) head(dst []byte, t *transaction, at LSN) []byte {
	if j.xids {
		dst = strconv.AppendUint(append(dst, `"xid":`...), uint64(Xid(t.first)), 10)
		dst = append(dst, ',')
	}
	if j.lsns && j.format == 1 {
		dst = append(append(append(dst, `"nextlsn":"`...), t.endLSN().String()...), `",`...)
	}
	if j.timestamps {
		dst = append(append(append(dst, `"timestamp":"`...), timestamp(t.at)...), `",`...)
	}
	if j.lsns && j.format == 2 {
		dst = append(append(append(dst, `"lsn":"`...), at.String()...), `",`...)
	}
	return dst
}

// say sends a message of an append.
func (j *wal2json) say(ctx context.Context, at LSN, piece []byte) error {
	return j.w.send(ctx, at, at, len(piece), func(dst []byte) ([]byte, error) {
		if j.w.both == nil {
			return append(dst, piece...), nil
		}
		return j.w.both.Text(ctx, dst, piece)
	})
}

func (j *wal2json) begin(ctx context.Context, t *transaction) error {
	j.rows, j.buffer = 0, j.buffer[:0]
	if j.format == 1 {
		j.buffer = append(j.head(append(j.buffer, '{'), t, 0), `"change":[`...)
		if j.chunks {
			return j.say(ctx, LSNOf(t.first), j.buffer)
		}
		return nil
	}
	if !j.transactions {
		return nil
	}
	j.buffer = j.action(j.buffer, 'B', t, LSNOf(t.first))
	return j.say(ctx, LSNOf(t.first), closed(j.buffer))
}

// action begins an object of format 2, up to a comma.
func (j *wal2json) action(dst []byte, what byte, t *transaction, at LSN) []byte {
	return j.head(append(append(append(dst, `{"action":"`...), what), `",`...), t, at)
}

// closed ends an object behind a comma.
func closed(b []byte) []byte {
	b[len(b)-1] = '}'
	return b
}

func (j *wal2json) commit(ctx context.Context, t *transaction) error {
	switch {
	case j.format == 1:
		if j.chunks {
			j.buffer = j.buffer[:0]
		}
		j.buffer = append(j.buffer, "]}"...)
	case j.transactions:
		j.buffer = closed(j.action(j.buffer[:0], 'C', t, t.commitLSN()))
	default: // the client is to know that it has all of it
		j.w.reached(t.last + 1)
		return j.w.tell(ctx, false)
	}
	err := j.say(ctx, t.endLSN(), j.buffer)
	if cap(j.buffer) > keptBytes {
		j.buffer = nil
		err2 := j.w.Host.Use(-j.held)
		if j.held = 0; err == nil {
			err = err2
		}
	}
	return err
}

// keptBytes is the largest text of an append whose memory is kept for the next.
const keptBytes = 1 << 20

func (j *wal2json) event(ctx context.Context, t *transaction, e *engine.RecordedEvent) error {
	at := LSNOf(e.Position)
	j.row.Event = e
	if j.format == 2 {
		j.buffer = j.columns(append(j.table(j.action(j.buffer[:0], 'I', t, at)), `"columns":[`...))
		if j.keys {
			j.buffer = append(j.buffer, `,"pk":[{"name":"position","type":"bigint"}]`...)
		}
		return j.say(ctx, at, append(j.buffer, '}'))
	}
	if j.chunks {
		j.buffer = j.buffer[:0]
	} else if need := int64(2*(len(j.buffer)+2*eventSize(e)) - keptBytes); need > j.held {
		// The append is one text, which becomes as long as it becomes.
		if err := j.w.Host.Use(need - j.held); err != nil {
			return err
		}
		j.held = need
	}
	if j.rows++; j.rows > 1 {
		j.buffer = append(j.buffer, ',')
	}
	j.buffer = j.table(append(j.buffer, `{"kind":"insert",`...))
	j.buffer = j.lists(j.buffer)
	if j.chunks {
		return j.say(ctx, at, j.buffer)
	}
	return nil
}

func (j *wal2json) table(dst []byte) []byte {
	if j.schemas {
		dst = append(dst, `"schema":"public",`...)
	}
	return append(dst, `"table":"events",`...)
}

// columns appends the columns of format 2, with the bracket behind them.
func (j *wal2json) columns(dst []byte) []byte {
	for n, i := range allColumns {
		if n > 0 {
			dst = append(dst, ',')
		}
		c := &relation.Events.Columns[i]
		dst = append(append(append(dst, `{"name":"`...), c.Name...), `",`...)
		if j.types {
			dst = append(append(append(dst, `"type":"`...), pgvalue.TypeName(c.OID)...), `",`...)
		}
		dst = append(j.column(append(dst, `"value":`...), i), '}')
	}
	return append(dst, ']')
}

// lists appends the columns of format 1, with the brace behind them.
func (j *wal2json) lists(dst []byte) []byte {
	list := func(name string, item func(dst []byte, i int) []byte) {
		dst = append(append(append(dst, '"'), name...), `":[`...)
		for n, i := range allColumns {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = item(dst, i)
		}
		dst = append(dst, `],`...)
	}
	quote := func(dst []byte, s string) []byte { return append(append(append(dst, '"'), s...), '"') }
	list("columnnames", func(dst []byte, i int) []byte { return quote(dst, relation.Events.Columns[i].Name) })
	if j.types {
		list("columntypes", func(dst []byte, i int) []byte { return quote(dst, pgvalue.TypeName(relation.Events.Columns[i].OID)) })
	}
	list("columnvalues", j.column)
	if j.keys {
		dst = append(dst, `"pk":{"pknames":["position"],"pktypes":["bigint"]},`...)
	}
	return closed(dst)
}

// column appends the row's value of a column.
func (j *wal2json) column(dst []byte, i int) []byte {
	j.row.Column(i, &j.value)
	oid := relation.Events.Columns[i].OID
	switch {
	case j.value.Kind == pgvalue.Null:
		return append(dst, "null"...)
	case oid == pgvalue.OIDInt8:
		return pgvalue.AppendText(dst, oid, &j.value, pgvalue.UTC)
	case oid == pgvalue.OIDBytea:
		return append(hex.AppendEncode(append(dst, '"'), j.value.Bytes), '"')
	}
	j.text = pgvalue.AppendText(j.text[:0], oid, &j.value, j.w.Host.Zone())
	return appendJSON(dst, j.text)
}

// appendJSON appends a text as a string of JSON.
func appendJSON(dst, text []byte) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
