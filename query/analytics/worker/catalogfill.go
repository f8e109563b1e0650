//go:build cgo

package worker

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/analytics/translate"
)

// fillTable makes a system table of its rows.
func fillTable(c *duck.Conn, name string, t *catalog.Table, rows [][]any) (err error) {
	columns := ""
	types := make([]*duck.Type, len(t.Columns))
	for i, col := range t.Columns {
		if i > 0 {
			columns += ", "
		}
		physical := translate.Physical(col.OID, -1)
		columns += `"` + col.Name + `" ` + physical
		types[i] = duckType(physical)
	}
	if err := c.Exec(`CREATE OR REPLACE TABLE cat.main."` + name + `" (` + columns + ")"); err != nil {
		return err
	}
	a, err := c.Appender("cat", "main", name, types)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return duck.Guard(func() error { return fillRows(a, t, rows) })
}

func fillRows(a *duck.Appender, t *catalog.Table, rows [][]any) error {
	for len(rows) > 0 {
		n := min(len(rows), duck.ChunkRows)
		writers := a.Chunk()
		for i, row := range rows[:n] {
			for k, v := range row {
				if err := setCatalogValue(&writers[k], i, v); err != nil {
					return fmt.Errorf("column %s: %w", t.Columns[k].Name, err)
				}
			}
		}
		if err := a.Append(n); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// duckTypes are DuckDB's types by the names that translate.Physical gives them.
var duckTypes = map[string]*duck.Type{
	"BOOLEAN": duck.TBool, "SMALLINT": duck.TInt16, "INTEGER": duck.TInt32, "BIGINT": duck.TInt64, "UBIGINT": duck.TUint64, "FLOAT": duck.TFloat,
	"DOUBLE": duck.TDouble, "VARCHAR": duck.TVarchar, "BLOB": duck.TBlob, "UUID": duck.TUUID, "DATE": duck.TDate,
	"TIME": duck.TTime, "TIMESTAMP": duck.TTimestamp, "INTERVAL": duck.TInterval,
}

func duckType(physical string) *duck.Type {
	if element, ok := strings.CutSuffix(physical, "[]"); ok {
		return duck.ListOf(duckType(element))
	}
	return duckTypes[physical]
}

// setCatalogValue sets a value, as the catalog has it.
func setCatalogValue(w *duck.Writer, i int, v any) error {
	kind := w.Type().Kind
	switch x := v.(type) {
	case nil:
		if kind == duck.List {
			w.BeginList(i, 0)
		}
		w.SetNull(i)
		return nil
	case bool:
		if kind == duck.Bool {
			w.SetBool(i, x)
			return nil
		}
	case int64:
		switch kind {
		case duck.Int16:
			w.SetInt16(i, int16(x))
			return nil
		case duck.Int32:
			w.SetInt32(i, int32(x))
			return nil
		case duck.Int64, duck.Timestamp:
			w.SetInt64(i, x)
			return nil
		case duck.Float, duck.Double:
			return setCatalogValue(w, i, float64(x))
		}
	case float64:
		switch kind {
		case duck.Float:
			w.SetFloat(i, float32(x))
			return nil
		case duck.Double:
			w.SetDouble(i, x)
			return nil
		}
	case string:
		switch kind {
		case duck.Varchar, duck.Blob:
			w.SetText(i, x)
			return nil
		case duck.Interval:
			span, err := pgfn.ParseInterval(x)
			if err != nil {
				return err
			}
			w.SetInterval(i, duck.Span{Months: span.Months, Days: span.Days, Micros: span.Micros})
			return nil
		}
	case []any:
		if kind == duck.List {
			items, from := w.BeginList(i, len(x))
			for k, item := range x {
				if err := setCatalogValue(items, from+k, item); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return fmt.Errorf("a %T cannot be of its type", v)
}
