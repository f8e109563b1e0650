package query

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire"
)

// function is one that the native path can call: the ones that drivers and pools
// send, and a few more.
type function struct {
	args     []uint32
	optional int // how many of args may be left out, from the end
	result   uint32
	strict   bool // null in, null out
	call     func(s *Session, args []pgwire.Value, v *pgwire.Value) error
}

func textFunction(f func(s *Session) string) function {
	return function{result: pgwire.OIDText, call: func(s *Session, _ []pgwire.Value, v *pgwire.Value) error {
		*v = pgwire.TextValue(f(s))
		return nil
	}}
}

func nameFunction(f func(s *Session) string) function {
	out := textFunction(f)
	out.result = pgwire.OIDName
	return out
}

func timeFunction(f func(s *Session) int64) function {
	return function{result: pgwire.OIDTimestamptz, call: func(s *Session, _ []pgwire.Value, v *pgwire.Value) error {
		*v = pgwire.TimeValue(f(s))
		return nil
	}}
}

func voidFunction(args ...uint32) function {
	return function{args: args, result: pgwire.OIDVoid, call: func(_ *Session, _ []pgwire.Value, v *pgwire.Value) error {
		*v = pgwire.TextValue("")
		return nil
	}}
}

func boolFunction(result bool, args ...uint32) function {
	return function{args: args, result: pgwire.OIDBool, call: func(_ *Session, _ []pgwire.Value, v *pgwire.Value) error {
		*v = pgwire.BoolValue(result)
		return nil
	}}
}

var (
	userFunction    = nameFunction(func(s *Session) string { return s.user })
	catalogFunction = nameFunction(func(s *Session) string { return s.database })
	nowFunction     = timeFunction(func(s *Session) int64 { return s.transactionTime() })
)

// functions maps a name to its forms, which differ in the number of arguments.
var functions map[string][]function

func init() {
	stringFunction := func(f func(string) string) []function {
		return []function{{args: []uint32{pgwire.OIDText}, result: pgwire.OIDText, strict: true, call: func(_ *Session, a []pgwire.Value, v *pgwire.Value) error {
			*v = pgwire.TextValue(f(a[0].Text))
			return nil
		}}}
	}
	functions = map[string][]function{
		"version":               {textFunction(func(*Session) string { return versionText })},
		"current_database":      {catalogFunction},
		"current_catalog":       {catalogFunction},
		"current_schema":        {nameFunction(func(*Session) string { return "public" })},
		"current_schemas":       {{args: []uint32{pgwire.OIDBool}, result: oidNameArray, call: currentSchemas}},
		"current_user":          {userFunction},
		"session_user":          {userFunction},
		"user":                  {userFunction},
		"current_role":          {userFunction},
		"now":                   {nowFunction},
		"current_timestamp":     {nowFunction},
		"transaction_timestamp": {nowFunction},
		"statement_timestamp":   {timeFunction(func(s *Session) int64 { return s.statementTime })},
		"clock_timestamp":       {timeFunction(func(*Session) int64 { return time.Now().UnixMicro() })},
		"pg_postmaster_start_time": {timeFunction(func(s *Session) int64 {
			return s.server.started.UnixMicro()
		})},
		"pg_backend_pid":                 {{result: pgwire.OIDInt4, call: backendPID}},
		"pg_is_in_recovery":              {boolFunction(false)},
		"pg_is_wal_replay_paused":        {boolFunction(false)},
		"pg_advisory_unlock_all":         {voidFunction()},
		"pg_sleep":                       {{args: []uint32{pgwire.OIDFloat8}, result: pgwire.OIDVoid, strict: true, call: sleep}},
		"set_config":                     {{args: []uint32{pgwire.OIDText, pgwire.OIDText, pgwire.OIDBool}, result: pgwire.OIDText, call: setConfig}},
		"current_setting":                {{args: []uint32{pgwire.OIDText, pgwire.OIDBool}, optional: 1, result: pgwire.OIDText, strict: true, call: currentSetting}},
		"gen_random_uuid":                {{result: pgwire.OIDUUID, call: randomUUID}},
		"stream_id":                      {{args: []uint32{pgwire.OIDText}, result: pgwire.OIDUUID, strict: true, call: streamID}},
		"md5":                            stringFunction(md5Hex),
		"lower":                          stringFunction(strings.ToLower),
		"upper":                          stringFunction(strings.ToUpper),
		"pg_client_encoding":             {nameFunction(func(*Session) string { return "UTF8" })},
		"getdatabaseencoding":            {nameFunction(func(*Session) string { return "UTF8" })},
		"pg_current_xact_id_if_assigned": {textFunctionNull()},
		"inet_server_port":               {{result: pgwire.OIDInt4, call: nullCall}},
	}
}

const oidNameArray = 1003

// md5Hex is what services in PostgreSQL make ids of names with.
func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func nullCall(_ *Session, _ []pgwire.Value, v *pgwire.Value) error {
	*v = pgwire.Value{}
	return nil
}

func textFunctionNull() function { return function{result: pgwire.OIDText, call: nullCall} }

func currentSchemas(_ *Session, a []pgwire.Value, v *pgwire.Value) error {
	list := []pgwire.Value{pgwire.TextValue("public")}
	if a[0].Bool() {
		list = []pgwire.Value{pgwire.TextValue("pg_catalog"), pgwire.TextValue("public")}
	}
	*v = pgwire.ArrayValue(list)
	return nil
}

func backendPID(s *Session, _ []pgwire.Value, v *pgwire.Value) error {
	*v = pgwire.IntValue(int64(s.conn.PID()))
	return nil
}

func randomUUID(_ *Session, _ []pgwire.Value, v *pgwire.Value) error {
	id, err := uuid.NewRandom()
	*v = pgwire.UUIDValue(id)
	return err
}

func streamID(_ *Session, a []pgwire.Value, v *pgwire.Value) error {
	*v = pgwire.UUIDValue(engine.StreamID(a[0].Text))
	return nil
}

func sleep(s *Session, a []pgwire.Value, v *pgwire.Value) error {
	*v = pgwire.TextValue("")
	ctx, stop := s.conn.WhilePeer(s.ctx)
	defer stop()
	seconds := min(max(a[0].Float, 0), 1e9)
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func setConfig(s *Session, a []pgwire.Value, v *pgwire.Value) error {
	if a[0].Kind == pgwire.Null {
		return pgwire.Errorf("22004", "SET requires parameter name")
	}
	values := []string{a[1].Text}
	if a[1].Kind == pgwire.Null {
		values = nil
	}
	if err := s.set(strings.ToLower(a[0].Text), values, a[2].Bool()); err != nil {
		return err
	}
	text, err := s.show(strings.ToLower(a[0].Text))
	*v = pgwire.TextValue(text)
	return err
}

func currentSetting(s *Session, a []pgwire.Value, v *pgwire.Value) error {
	text, err := s.show(strings.ToLower(a[0].Text))
	if err != nil && len(a) > 1 && a[1].Bool() {
		*v = pgwire.Value{}
		return nil
	}
	*v = pgwire.TextValue(text)
	return err
}

// elsewhere are functions that PostgreSQL has and only the full path will: so they are
// not supported yet, rather than missing.
var elsewhere = words(`abs age any_value array_agg array_append array_cat array_length array_position array_remove
	array_replace array_to_json array_to_string array_upper array_lower ascii avg bit_and bit_or bool_and bool_or
	btrim cardinality ceil ceiling char_length character_length chr col_description concat concat_ws convert_from convert_to corr
	count cume_dist date_bin date_part date_trunc decode dense_rank div encode every exp extract first_value floor format
	format_type generate_series generate_subscripts greatest has_any_column_privilege has_column_privilege has_database_privilege
	has_function_privilege has_schema_privilege has_table_privilege initcap isfinite json_agg json_array_elements json_build_array
	json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_typeof
	jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
	jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query
	jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_typeof justify_days justify_hours lag last_value lead least
	length ln log lpad ltrim make_date make_interval make_timestamp make_timestamptz max md5 min mod mode nth_value ntile
	nullif coalesce num_nonnulls obj_description octet_length overlay percent_rank percentile_cont percentile_disc pg_available_extensions
	pg_database_size pg_encoding_to_char pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_indexdef
	pg_get_keywords pg_get_serial_sequence pg_get_userbyid pg_get_viewdef pg_relation_size pg_show_all_settings pg_size_pretty
	pg_table_is_visible pg_table_size pg_total_relation_size pg_type_is_visible pg_typeof position power pow quote_ident quote_literal
	random rank regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table repeat replace reverse right
	left round row_number row_to_json rpad rtrim sign split_part sqrt starts_with stddev stddev_pop stddev_samp string_agg string_to_array
	strpos substr substring sum to_char to_date to_json to_jsonb to_number to_regclass to_regtype to_timestamp translate trim trunc
	txid_current unnest var_pop var_samp variance width_bucket localtimestamp current_date current_time localtime timeofday
	pg_advisory_lock pg_advisory_unlock pg_try_advisory_lock pg_advisory_xact_lock pg_try_advisory_xact_lock pg_notify inet_server_addr
	inet_client_addr inet_client_port pg_cancel_backend pg_terminate_backend pg_last_wal_replay_lsn pg_current_wal_lsn`)

func (c *compiler) call(x *callExpr) (*scalar, error) {
	if x.beyond != "" {
		return nil, c.beyond(x.beyond, x.pos)
	}
	if x.schema != "" && x.schema != "pg_catalog" && x.schema != "public" {
		return nil, c.at(pgwire.Errorf("3F000", "schema \"%s\" does not exist", x.schema), x.pos)
	}
	switch {
	case x.name == "coalesce" && len(x.args) > 0 && x.schema == "":
		return c.coalesce(x)
	case isAggregate(x) && c.byStream:
		return c.streamAggregate(x)
	case isAggregate(x) && c.aggregates != nil:
		return c.aggregateCall(x)
	}
	forms, ok := functions[x.name]
	if !ok && elsewhere[x.name] {
		return nil, c.beyond("function "+x.name, x.pos)
	}
	var args []*scalar
	for _, a := range x.args {
		s, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		args = append(args, s)
	}
	for i := range forms {
		if f, ok := c.callForm(&forms[i], args); ok {
			return f, nil
		}
	}
	return nil, c.noFunction(x, args)
}

func (c *compiler) noFunction(x *callExpr, args []*scalar) error {
	var list []string
	for _, a := range args {
		list = append(list, pgwire.TypeName(a.oid))
	}
	name := x.name
	if x.schema != "" {
		name = x.schema + "." + name
	}
	return c.at(pgwire.Errorf("42883", "function %s(%s) does not exist", name, strings.Join(list, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts."), x.pos)
}

// callForm compiles a call of one form of a function, if the arguments fit it.
func (c *compiler) callForm(f *function, args []*scalar) (*scalar, bool) {
	if len(args) > len(f.args) || len(args) < len(f.args)-f.optional {
		return nil, false
	}
	settled := make([]*scalar, len(args))
	for i, a := range args {
		want := f.args[i]
		if a.oid != pgwire.OIDUnknown && a.oid != want && !(isText(a.oid) && isText(want)) && !(isNumber(a.oid) && want == pgwire.OIDFloat8) {
			return nil, false
		}
		s, err := c.settle(a, want)
		if err != nil {
			return nil, false
		}
		if s.oid != want {
			var ok bool
			if s, ok = convert(s, want, c.zone); !ok {
				return nil, false
			}
		}
		settled[i] = s
	}
	values := make([]pgwire.Value, len(settled))
	return derived(f.result, 0, func(e *env, v *pgwire.Value) error {
		for i, s := range settled {
			if err := s.eval(e, &values[i]); err != nil {
				return err
			}
			if f.strict && values[i].Kind == pgwire.Null {
				*v = pgwire.Value{}
				return nil
			}
		}
		return f.call(e.session, values, v)
	}, settled...), true
}

func (c *compiler) coalesce(x *callExpr) (*scalar, error) {
	var items []*scalar
	oid := uint32(0)
	for _, a := range x.args {
		s, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		if oid == 0 && s.oid != pgwire.OIDUnknown {
			oid = s.oid
		}
		items = append(items, s)
	}
	if oid == 0 {
		oid = pgwire.OIDText
	}
	for i := range items {
		var err error
		if items[i], err = c.settle(items[i], oid); err != nil {
			return nil, err
		}
		if items[i].oid == oid {
			continue
		}
		if isInteger(items[i].oid) && isInteger(oid) {
			if pgwire.TypeSize(items[i].oid) > pgwire.TypeSize(oid) {
				oid = items[i].oid
			}
			continue
		}
		if !isText(items[i].oid) || !isText(oid) {
			return nil, c.at(pgwire.Errorf("42804", "COALESCE types %s and %s cannot be matched", pgwire.TypeName(oid), pgwire.TypeName(items[i].oid)), items[i].pos)
		}
	}
	return derived(oid, x.pos, func(e *env, v *pgwire.Value) error {
		for _, s := range items {
			if err := s.eval(e, v); err != nil || v.Kind != pgwire.Null {
				return err
			}
		}
		return nil
	}, items...), nil
}

// engineError turns an error of the engine into one with a SQLSTATE. Others pass.
func engineError(err error) error {
	if err == nil {
		return nil
	}
	var (
		conflict  *engine.VersionConflictError
		taken     *engine.VersionTakenError
		duplicate *engine.DuplicateEventError
		moved     *engine.PositionMovedError
		corrupt   *engine.CorruptionError
		large     *engine.TooLargeError
		invalid   *engine.InvalidEventError
		unnamed   *engine.UnnamedStreamError
	)
	switch {
	case errors.As(err, &conflict):
		return conflictError(streamRef{conflict.StreamID, conflict.Stream}, int64(conflict.Expected), conflict.Actual)
	case errors.As(err, &taken):
		return uniqueError("events_stream_id_version_key", "Key (stream_id, version)=(%s, %d) already exists.", taken.StreamID, taken.Version)
	case errors.As(err, &duplicate):
		return uniqueError("events_event_id_key", "Key (event_id)=(%s) already exists.", duplicate.EventID)
	case errors.As(err, &moved):
		return pgwire.Errorf("40001", "could not serialize access due to concurrent appends").
			WithDetail("The transaction relied on position %d being next; the next position is %d.", moved.Expected, moved.Actual).
			WithHint("The transaction might succeed if retried.")
	case errors.As(err, &large):
		return pgwire.Errorf("54000", "%s", large.Error())
	case errors.As(err, &invalid):
		return invalidEvent(invalid)
	case errors.As(err, &unnamed):
		return pgwire.Errorf("22023", "%s", unnamed.Error()).WithHint("Append to it by its stream_id.")
	case errors.As(err, &corrupt):
		return pgwire.Errorf("XX001", "%s", corrupt.Error()).WithHint("Run eventgres verify on the data directory.")
	case errors.Is(err, engine.ErrDiskFull):
		return pgwire.Errorf("53100", "%s", err.Error()).WithHint("Nothing was appended. Reads go on; appends succeed again once there is room.")
	case errors.Is(err, engine.ErrReadOnly):
		return pgwire.Errorf("58030", "%s", err.Error()).WithHint("Nothing was appended. Reads go on; appends succeed again once writing is permitted.")
	case errors.Is(err, engine.ErrPoisoned):
		return pgwire.Errorf("58030", "%s", err.Error()).WithHint("Reads go on. An append that was under way may be found after the restart; retry with the same event_id.")
	case errors.Is(err, engine.ErrClosed):
		return pgwire.Errorf("57P01", "the server is shutting down")
	case errors.Is(err, context.Canceled):
		return err
	}
	return err
}

func conflictError(stream streamRef, expected, actual int64) *pgwire.Error {
	label := stream.name
	if label == "" {
		label = stream.id.String()
	}
	e := pgwire.Errorf("40001", "could not append to stream \"%s\": it is not at the expected version", label).
		WithDetail("Stream %s: expected version %d, actual version %d.", label, expected, actual).
		WithHint("Read the stream again and retry.")
	e.Schema, e.Table = "public", "events"
	return e
}

func uniqueError(constraint, detail string, args ...any) *pgwire.Error {
	e := pgwire.Errorf("23505", "duplicate key value violates unique constraint \"%s\"", constraint).WithDetail(detail, args...)
	e.Schema, e.Table, e.Constraint = "public", "events", constraint
	return e
}

func invalidEvent(err *engine.InvalidEventError) error {
	if err.Err != nil {
		e := jsonError(err.Err, nil)
		return e
	}
	return pgwire.Errorf("22023", "%s %s", err.Field, err.Reason)
}

func notNullError(columnName string) *pgwire.Error {
	e := pgwire.Errorf("23502", "null value in column \"%s\" of relation \"events\" violates not-null constraint", columnName)
	e.Schema, e.Table, e.Column = "public", "events", columnName
	return e
}
