package expr

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/relation"
	"github.com/eventgres/eventgres/query/searchpath"
	"github.com/eventgres/eventgres/query/syntax"
)

// Function is the declaration of a function, or of a form of it, that the native path can call.
type Function struct {
	Name     string
	Schema   string // where it is; pg_catalog if empty
	Args     []uint32
	Optional int // how many of args may be left out, from the end
	// Own is its declaration if PostgreSQL has it not: its arguments may be named, and those that are left out have values.
	Own      *relation.Function
	Result   uint32
	Volatile byte // as pg_proc has it: 'i', 's' or 'v'
	Strict   bool // null in, null out
	Word     bool // a word of the grammar, of which pg_proc knows nothing
	Effects  bool // a call does something, so that where it stands matters
	Call     func(h Host, args []pgvalue.Value, v *pgvalue.Value) error
}

// functions maps a name to its forms, which differ in the number of arguments.
var functions = map[string][]*Function{}

// Register adds functions. Those that ask more of the session than a host tells are added by who knows it, before anything is compiled.
func Register(list ...Function) {
	for _, f := range list {
		if FindFunction(f.Schema, f.Name, f.Args) != nil {
			panic("function " + f.Name + " is registered twice")
		}
		functions[f.Name] = append(functions[f.Name], &f)
	}
}

// RegisterOwn adds the meaning of a function that PostgreSQL has not.
func RegisterOwn(d *relation.Function, call func(h Host, args []pgvalue.Value, v *pgvalue.Value) error) {
	Register(Function{
		Name: d.Name, Schema: d.Schema, Args: d.Args, Optional: len(d.Defaults), Own: d, Result: d.Result, Volatile: d.Volatile, Strict: d.Strict,
		Effects: d.Effects, Call: call,
	})
}

// Computes tells whether a call is of one of PostgreSQL's functions, and does nothing but compute a value.
func Computes(x *syntax.CallExpr) bool {
	if x.Name == "coalesce" && x.Schema == "" {
		return true
	}
	forms := functions[x.Name]
	for _, f := range forms {
		if f.Own != nil || f.Effects {
			return false
		}
	}
	return forms != nil
}

// Registered are all functions, by name.
func Registered() map[string][]*Function { return functions }

func init() {
	RegisterOwn(relation.StreamID, streamID)
	Register(
		Function{Name: "gen_random_uuid", Result: pgvalue.OIDUUID, Volatile: 'v', Strict: true, Call: randomUUID},
		Function{Name: "clock_timestamp", Result: pgvalue.OIDTimestamptz, Volatile: 'v', Strict: true, Call: clock},
		textToText("md5", md5Hex),
		textToText("lower", pgfn.Lower),
		textToText("upper", pgfn.Upper),
	)
}

// FindFunction is the form of a function with just these arguments; nil if there is none. No schema is pg_catalog.
func FindFunction(schema, name string, args []uint32) *Function {
	for _, f := range functions[name] {
		if f.Schema == schema && slices.Equal(f.Args, args) {
			return f
		}
	}
	return nil
}

// Volatile tells whether a form of a function's name is.
func Volatile(name string) bool {
	return slices.ContainsFunc(functions[name], func(f *Function) bool { return f.Volatile == 'v' })
}

// Immutable tells whether all forms of a function's name are, of which there is one.
func Immutable(name string) bool {
	forms := functions[name]
	return len(forms) > 0 && !slices.ContainsFunc(forms, func(f *Function) bool { return f.Volatile != 'i' })
}

// Known tells whether there is a function of a name natively.
func Known(name string) bool { return len(functions[name]) > 0 }

// Returns tells whether a form of a function's name returns such a type.
func Returns(name string, such func(oid uint32) bool) bool {
	return slices.ContainsFunc(functions[name], func(f *Function) bool { return such(f.Result) })
}

// called are the forms that a call's name stands for.
func (c *Compiler) called(x *syntax.CallExpr) []*Function {
	var out []*Function
	for _, f := range functions[x.Name] {
		schema := cmp.Or(f.Schema, "pg_catalog")
		if x.Schema == schema && !f.Word || x.Schema == "" && (f.Schema == "" || c.Host == nil || c.Host.Searches(schema)) {
			out = append(out, f)
		}
	}
	return out
}

func textToText(name string, f func(string) string) Function {
	return Function{Name: name, Args: []uint32{pgvalue.OIDText}, Result: pgvalue.OIDText, Volatile: 'i', Strict: true, Call: func(_ Host, a []pgvalue.Value, v *pgvalue.Value) error {
		*v = pgvalue.TextValue(f(a[0].Text))
		return nil
	}}
}

func clock(_ Host, _ []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.TimeValue(time.Now().UnixMicro())
	return nil
}

// md5Hex is what services in PostgreSQL make ids of names with.
func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func randomUUID(_ Host, _ []pgvalue.Value, v *pgvalue.Value) error {
	id, err := uuid.NewRandom()
	*v = pgvalue.UUIDValue(id)
	return err
}

func streamID(_ Host, a []pgvalue.Value, v *pgvalue.Value) error {
	*v = pgvalue.UUIDValue(engine.StreamID(a[0].Text))
	return nil
}

// elsewhere are functions that PostgreSQL has and only the full path will: so they are
// not supported yet, rather than missing.
var elsewhere = syntax.Words(`abs age any_value array_agg array_append array_cat array_length array_position array_remove
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
	txid_current txid_current_if_assigned txid_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned pg_current_snapshot
	pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_last_wal_receive_lsn pg_wal_lsn_diff unnest var_pop var_samp variance width_bucket localtimestamp current_date current_time localtime timeofday
	inet_server_addr inet_client_addr inet_client_port pg_last_wal_replay_lsn pg_current_wal_lsn
	regexp_count regexp_instr regexp_like regexp_substr string_to_table array_prepend array_positions array_dims array_ndims array_fill
	trim_array num_nulls quote_nullable normalize to_hex bit_length bit_count sha224 sha256 sha384 sha512 get_byte set_byte
	json_array_length json_object_keys json_strip_nulls jsonb_insert jsonb_object jsonb_path_match jsonb_path_query_array
	jsonb_path_query_first jsonb_populate_record make_time scale trim_scale min_scale gcd lcm factorial cbrt degrees radians pi
	sin cos tan asin acos atan atan2 log10 clock_timestamp statement_timestamp justify_interval`)

func (c *Compiler) call(x *syntax.CallExpr) (*Scalar, error) {
	if x.Unsupported != "" {
		return nil, c.Unsupported(x.Unsupported, x.Pos)
	}
	if x.Schema != "" && !searchpath.Known(x.Schema) {
		return nil, c.At(pgerror.Errorf(pgerror.InvalidSchemaName, "schema \"%s\" does not exist", x.Schema), x.Pos)
	}
	switch {
	case x.Name == "coalesce" && len(x.Args) > 0 && x.Schema == "":
		return c.coalesce(x)
	case IsAggregate(x) && c.ByStream:
		return c.streamAggregate(x)
	case IsAggregate(x) && c.Aggregates != nil:
		return c.aggregateCall(x)
	}
	forms := c.called(x)
	if len(forms) > 0 {
		c.Effects, c.Own = c.Effects || forms[0].Effects, c.Own || forms[0].Effects && forms[0].Own != nil && forms[0].Schema != searchpath.MessageStore
	}
	if len(forms) == 1 && forms[0].Own != nil && (forms[0].Effects || forms[0].Schema == searchpath.MessageStore) {
		return c.callOwn(forms[0], x)
	}
	if x.ArgNames != nil {
		if forms, x = placed(forms, x); forms == nil {
			return nil, c.Unsupported("named arguments", x.Pos)
		}
	}
	if len(forms) == 0 && elsewhere[x.Name] && (x.Schema == "" || x.Schema == "pg_catalog") {
		return nil, c.Unsupported("function "+x.Name, x.Pos)
	}
	var args []*Scalar
	for _, a := range x.Args {
		s, err := c.Compile(a)
		if err != nil {
			return nil, err
		}
		args = append(args, s)
	}
	for _, form := range forms {
		if f, ok := c.callForm(form, args); ok {
			return f, nil
		}
	}
	return nil, c.noFunction(x, args)
}

// placed are those of forms whose arguments have the names that a call gives, and the call with its arguments in their places. Of PostgreSQL's own functions the worker
// knows the names.
func placed(forms []*Function, x *syntax.CallExpr) (fit []*Function, _ *syntax.CallExpr) {
	out := *x
	for _, f := range forms {
		if f.Own == nil || len(f.Args) != len(x.Args) {
			continue
		}
		args := make([]syntax.Expr, len(x.Args))
		for i, name := range x.ArgNames {
			at := i
			if name != "" {
				at = slices.Index(f.Own.ArgNames, name)
			}
			if at < 0 || at >= len(args) || args[at] != nil {
				args = nil
				break
			}
			args[at] = x.Args[i]
		}
		if args != nil {
			fit, out.Args, out.ArgNames = append(fit, f), args, nil
		}
	}
	if fit == nil {
		return nil, x
	}
	return fit, &out
}

func (c *Compiler) noFunction(x *syntax.CallExpr, args []*Scalar) error {
	var list []string
	for i, a := range args {
		text := pgvalue.TypeName(a.OID)
		if x.ArgNames != nil && x.ArgNames[i] != "" {
			text = x.ArgNames[i] + " => " + text
		}
		list = append(list, text)
	}
	name := x.Name
	if x.Schema != "" {
		name = x.Schema + "." + name
	}
	return c.At(pgerror.Errorf(pgerror.UndefinedFunction, "function %s(%s) does not exist", name, strings.Join(list, ", ")).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts."), x.Pos)
}

// callForm compiles a call of one form of a function, if the arguments fit it.
func (c *Compiler) callForm(f *Function, args []*Scalar) (*Scalar, bool) {
	if len(args) > len(f.Args) || len(args) < len(f.Args)-f.Optional {
		return nil, false
	}
	resolved := make([]*Scalar, len(args))
	for i, a := range args {
		want := f.Args[i]
		widens := isInteger(a.OID) && isInteger(want) && pgvalue.TypeSize(a.OID) <= pgvalue.TypeSize(want)
		if a.OID != pgvalue.OIDUnknown && a.OID != want && !widens && !(IsText(a.OID) && IsText(want)) && !(IsNumber(a.OID) && want == pgvalue.OIDFloat8) {
			return nil, false
		}
		s, err := c.Resolve(a, want)
		if err != nil {
			return nil, false
		}
		if s.OID != want {
			var ok bool
			if s, ok = Convert(s, want, c.Zone); !ok {
				return nil, false
			}
		}
		resolved[i] = s
	}
	return f.called(resolved), true
}

// called is a call of a function with arguments of its types.
func (f *Function) called(args []*Scalar) *Scalar {
	values := make([]pgvalue.Value, len(args))
	return Derived(f.Result, 0, func(e *Env, v *pgvalue.Value) error {
		for i, s := range args {
			if err := s.Eval(e, &values[i]); err != nil {
				return err
			}
			if f.Strict && values[i].Kind == pgvalue.Null {
				*v = pgvalue.Value{}
				return nil
			}
		}
		return f.Call(e.Host, values, v)
	}, args...)
}

func (c *Compiler) coalesce(x *syntax.CallExpr) (*Scalar, error) {
	var items []*Scalar
	oid := uint32(0)
	for _, a := range x.Args {
		s, err := c.Compile(a)
		if err != nil {
			return nil, err
		}
		if oid == 0 && s.OID != pgvalue.OIDUnknown {
			oid = s.OID
		}
		items = append(items, s)
	}
	if oid == 0 {
		oid = pgvalue.OIDText
	}
	for i := range items {
		var err error
		if items[i], err = c.Resolve(items[i], oid); err != nil {
			return nil, err
		}
		if items[i].OID == oid {
			continue
		}
		if isInteger(items[i].OID) && isInteger(oid) {
			if pgvalue.TypeSize(items[i].OID) > pgvalue.TypeSize(oid) {
				oid = items[i].OID
			}
			continue
		}
		if !IsText(items[i].OID) || !IsText(oid) {
			return nil, c.At(pgerror.Errorf(pgerror.DatatypeMismatch, "COALESCE types %s and %s cannot be matched", pgvalue.TypeName(oid), pgvalue.TypeName(items[i].OID)), items[i].pos)
		}
	}
	return Derived(oid, x.Pos, func(e *Env, v *pgvalue.Value) error {
		for _, s := range items {
			if err := s.Eval(e, v); err != nil || v.Kind != pgvalue.Null {
				return err
			}
		}
		return nil
	}, items...), nil
}
