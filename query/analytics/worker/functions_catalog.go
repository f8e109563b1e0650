//go:build cgo

package worker

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventgres/eventgres/engine"
	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/catalog"
	"github.com/eventgres/eventgres/query/analytics/duck"
	"github.com/eventgres/eventgres/query/analytics/pgfn"
	"github.com/eventgres/eventgres/query/privilege"
	"github.com/eventgres/eventgres/query/searchpath"
)

// text0 sets what a look-up found.
func found(out *writer, i int, s string, ok bool) error {
	setText(out, i, s, ok)
	return nil
}

func object(v *vector, i int) uint32 { return uint32(v.Int64(i)) }

func catalogFunctions(w *Worker) []*duck.Function {
	// as is the schema as the search path in an argument shows it.
	as := func(v *vector, i int) *schema { return w.schema.Load().in(searchpath.Path(strings.Clone(v.Text(i)))) }
	schema := func() *schema { return w.schema.Load() }
	oidOf := func(v *vector, i int) uint32 {
		n, _ := strconv.ParseUint(v.Text(i), 10, 32)
		return uint32(n)
	}
	return []*duck.Function{
		function("pg_reg_out", tText, types(tBig, tText, tText), func(in []vector, i int, out *writer) error {
			out.SetText(i, as(&in[2], i).regOut(oidOf(&in[1], i), object(&in[0], i)))
			return nil
		}),
		function("pg_reg_in", tBig, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			n, err := as(&in[2], i).RegIn(oidOf(&in[1], i), strings.Clone(in[0].Text(i)))
			out.SetInt64(i, int64(n))
			return err
		}),
		function("pg_to_reg", tBig, types(tText, tText, tText), func(in []vector, i int, out *writer) error {
			text := strings.Clone(in[0].Text(i))
			n, err := as(&in[2], i).RegIn(oidOf(&in[1], i), text)
			if e := new(pgerror.Error); errors.As(err, &e) && (e.Code == pgerror.InvalidName || e.Code == pgerror.SyntaxError || e.Code == pgerror.FeatureNotSupported) {
				return err // what cannot be a name
			}
			if err != nil || strings.Trim(text, "0123456789") == "" || text == "-" {
				out.SetNull(i)
				return nil
			}
			out.SetInt64(i, int64(n))
			return nil
		}),
		nullable(function("pg_format_type", tText, types(tBig, tInt), func(in []vector, i int, out *writer) error {
			if in[0].Null(i) {
				out.SetNull(i)
				return nil
			}
			mod, has := int64(-1), !in[1].Null(i)
			if has {
				mod = int64(in[1].Int32(i))
			}
			s, ok := schema().about(object(&in[0], i)).FormatType(object(&in[0], i), mod, has)
			if !ok {
				s = "???"
			}
			out.SetText(i, s)
			return nil
		})),
		function("pg_definition", tText, types(tText, tBig, tText), func(in []vector, i int, out *writer) error {
			c, oid := as(&in[2], i).catalog, object(&in[1], i)
			f := map[string]func(uint32) (string, bool){
				"view": c.ViewDef, "constraint": c.ConstraintDef, "function": c.FunctionDef, "arguments": c.FunctionArguments,
				"identity": c.FunctionIdentityArguments, "result": c.FunctionResult,
			}[in[0].Text(i)]
			s, ok := f(oid)
			return found(out, i, s, ok)
		}),
		function("pg_index_definition", tText, types(tBig, tInt, tBool), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.IndexDef(object(&in[0], i), int(in[1].Int32(i)), in[2].Bool(i))
			return found(out, i, s, ok)
		}),
		function("pg_describe", tText, types(tBig, tBig, tInt), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.DescribeObject(object(&in[0], i), object(&in[1], i), int(in[2].Int32(i)))
			return found(out, i, s, ok)
		}),
		function("pg_role_in", tBig, types(tText, tText), func(in []vector, i int, out *writer) error {
			n, err := schema().catalog.RoleIn(strings.Clone(in[0].Text(i)), in[1].Text(i))
			out.SetInt64(i, int64(n))
			return err
		}),
		function("pg_role_named", tBig, types(tText, tText), func(in []vector, i int, out *writer) error {
			n, err := schema().catalog.RoleNamed(in[0].Text(i), in[1].Text(i))
			out.SetInt64(i, int64(n))
			return err
		}),
		function("pg_may_role", tBool, types(tBig, tBig, tText), func(in []vector, i int, out *writer) error {
			may, err := schema().catalog.RoleMay(object(&in[0], i), object(&in[1], i), in[2].Text(i))
			out.SetBool(i, may)
			return err
		}),
		volatile(function("pg_lastval", tBig, nil, func([]vector, int, *writer) error {
			// There is no sequence that a session could have taken a value of.
			return pgerror.Errorf(pgerror.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
		})),
		volatile(function("pg_log_files", tTexts, nil, func(_ []vector, i int, out *writer) error {
			setTexts(out, i, pointers(w.files("log")))
			return nil
		})),
		volatile(function("pg_temp_files", tTexts, types(tBig), func(in []vector, i int, out *writer) error {
			switch tablespace := object(&in[0], i); tablespace {
			case 1663: // pg_default
				setTexts(out, i, pointers(w.files(spillDir)))
			case 1664: // pg_global
				setTexts(out, i, nil)
			default:
				return pgerror.Errorf(pgerror.UndefinedObject, "tablespace with OID %d does not exist", tablespace)
			}
			return nil
		})),
		function("pg_role_out", tText, types(tBig, tText), func(in []vector, i int, out *writer) error {
			out.SetText(i, schema().catalog.RoleOut(object(&in[0], i), in[1].Text(i)))
			return nil
		}),
		function("pg_acl_default", tTexts, types(tText, tBig, tText), func(in []vector, i int, out *writer) error {
			items, ok := schema().catalog.ACLDefault(in[0].Text(i), object(&in[1], i), in[2].Text(i))
			if !ok {
				return pgerror.Errorf(pgerror.InternalError, "unrecognized object type abbreviation: %s", in[0].Text(i))
			}
			setTexts(out, i, pointers(items))
			return nil
		}),
		function("pg_acl_explode", tTexts, types(tTexts, tText), func(in []vector, i int, out *writer) error {
			// A translation takes the fields apart at the spaces; a privilege may have one.
			var rows []string
			for _, item := range texts(&in[0], i) {
				if item == nil {
					continue
				}
				for _, g := range schema().catalog.ExplodeACL(*item, in[1].Text(i)) {
					rows = append(rows, fmt.Sprintf("%d %d %t %s", g.Grantor, g.Grantee, g.Grantable, g.Privilege))
				}
			}
			setTexts(out, i, pointers(rows))
			return nil
		}),
		function("pg_published", tTexts, types(tText), func(in []vector, i int, out *writer) error {
			rows, ok := schema().catalog.PublicationTables(in[0].Text(i))
			if !ok {
				return pgerror.Errorf(pgerror.UndefinedObject, "publication \"%s\" does not exist", in[0].Text(i))
			}
			setTexts(out, i, pointers(rows))
			return nil
		}),
		function("pg_keywords", tTexts, nil, func(_ []vector, i int, out *writer) error {
			words := catalog.Keywords()
			rows := make([]string, len(words))
			for k, w := range words {
				rows[k] = fmt.Sprintf("%s %c %t", w.Word, w.Code, w.Bare)
			}
			setTexts(out, i, pointers(rows))
			return nil
		}),
		function("pg_parse_ident", tTexts, types(tText, tBool), func(in []vector, i int, out *writer) error {
			parts, err := catalog.ParseIdent(in[0].Text(i), in[1].Bool(i))
			setTexts(out, i, pointers(parts))
			return err
		}),
		function("pg_index_property", tBool, types(tText), func(in []vector, i int, out *writer) error {
			switch in[0].Text(i) {
			case "asc", "nulls_last", "orderable", "returnable", "search_array", "search_nulls":
				out.SetBool(i, true)
			default:
				out.SetBool(i, false)
			}
			return nil
		}),
		function("pg_description", tText, types(tBig, tText), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.Description(object(&in[0], i), in[1].Text(i))
			return found(out, i, s, ok)
		}),
		function("pg_shared_description", tText, types(tBig, tText), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.SharedDescription(object(&in[0], i), in[1].Text(i))
			return found(out, i, s, ok)
		}),
		function("pg_column_description", tText, types(tBig, tInt), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.ColumnDescription(object(&in[0], i), int(in[1].Int32(i)))
			return found(out, i, s, ok)
		}),
		function("pg_schemas", tTexts, types(tBool, tText), func(in []vector, i int, out *writer) error {
			path := searchpath.Path(strings.Clone(in[1].Text(i)))
			names := path.Schemas()
			if in[0].Bool(i) {
				names = path.Search()
			}
			setTexts(out, i, pointers(names))
			return nil
		}),
		function("pg_visible", tBool, types(tBig, tText, tText), func(in []vector, i int, out *writer) error {
			visible, ok := as(&in[2], i).catalog.Visible(in[1].Text(i), object(&in[0], i))
			if out.SetBool(i, visible); !ok {
				out.SetNull(i)
			}
			return nil
		}),
		function("pg_user_by_id", tText, types(tBig, tText), func(in []vector, i int, out *writer) error {
			s, ok := schema().catalog.UserByID(object(&in[0], i), in[1].Text(i))
			if !ok {
				s = "unknown (OID=" + strconv.FormatInt(in[0].Int64(i), 10) + ")"
			}
			out.SetText(i, s)
			return nil
		}),
		function("pg_current_setting", tText, types(tText, tText, tBool), func(in []vector, i int, out *writer) error {
			name := strings.ToLower(in[1].Text(i))
			if b, ok := pgfn.GetText(in[0].Bytes(i), name); ok {
				out.SetBytes(i, b)
				return nil
			}
			if in[2].Bool(i) {
				out.SetNull(i)
				return nil
			}
			return pgerror.Errorf(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", in[1].Text(i))
		}),
		function("pg_user_role", tBig, types(tText), func(in []vector, i int, out *writer) error {
			out.SetInt64(i, int64(schema().catalog.CurrentRole(in[0].Text(i))))
			return nil
		}),
		function("pg_role_or_public", tBig, types(tText, tText), func(in []vector, i int, out *writer) error {
			if in[0].Text(i) == "public" {
				out.SetInt64(i, catalog.Public)
				return nil
			}
			n, err := schema().catalog.RoleNamed(in[0].Text(i), in[1].Text(i))
			out.SetInt64(i, int64(n))
			return err
		}),
		function("pg_role_oid", tBig, types(tBig), func(in []vector, i int, out *writer) error {
			out.SetInt64(i, in[0].Int64(i))
			return nil
		}),
		function("pg_namespace_name", tText, types(tBig), func(in []vector, i int, out *writer) error {
			out.SetText(i, schema().catalog.NamespaceOut(object(&in[0], i)))
			return nil
		}),
		function("pg_may_table", tBool, types(tBig, tBig, tText), mayRelation(schema, privilege.Table)),
		function("pg_may_column", tBool, types(tBig, tBig, tText), mayRelation(schema, privilege.Select|privilege.Insert|privilege.Update|privilege.References)),
		function("pg_may_database", tBool, types(tBig, tText), func(in []vector, i int, out *writer) error {
			may, err := schema().catalog.MayDatabase(object(&in[0], i), in[1].Text(i))
			out.SetBool(i, may)
			return err
		}),
		function("pg_may_schema", tBool, types(tBig, tText, tText), func(in []vector, i int, out *writer) error {
			if !systemSchemas[in[1].Text(i)] {
				return pgerror.Errorf(pgerror.InvalidSchemaName, "schema \"%s\" does not exist", in[1].Text(i))
			}
			want, option, err := catalog.ParsePrivileges(in[2].Text(i), privilege.Schema)
			if err == nil {
				out.SetBool(i, schema().catalog.MaySchema(object(&in[0], i), in[1].Text(i), want, option))
			}
			return err
		}),
		function("pg_may_function", tBool, types(tBig, tBig, tText), func(in []vector, i int, out *writer) error {
			may, ok, err := schema().about(object(&in[1], i)).MayFunction(object(&in[0], i), object(&in[1], i), in[2].Text(i))
			if out.SetBool(i, may); !ok {
				out.SetNull(i)
			}
			return err
		}),
		function("pg_size", tBig, types(tBig), func(in []vector, i int, out *writer) error {
			out.SetInt64(i, w.size(object(&in[0], i)))
			return nil
		}),
		function("pg_pretty_size", tText, types(tText), func(in []vector, i int, out *writer) error {
			n, err := numericOf(&in[0], i)
			if err != nil {
				return err
			}
			text, err := pgfn.SizePrettyNumeric(n)
			if err == nil {
				out.SetText(i, text)
			}
			return err
		}),
		function("pg_pretty_size_int8", tText, types(tBig), func(in []vector, i int, out *writer) error {
			out.SetText(i, pgfn.SizePretty(in[0].Int64(i)))
			return nil
		}),
		function("pg_started", tTime, nil, func(_ []vector, i int, out *writer) error {
			out.SetInt64(i, w.started.Load())
			return nil
		}),
		function("pg_hash_64", tBig, types(tText), func(in []vector, i int, out *writer) error {
			sum := md5.Sum([]byte(in[0].Text(i)))
			out.SetInt64(i, int64(binary.BigEndian.Uint64(sum[:8])))
			return nil
		}),
		function("pg_stream_id", duck.TUUID, types(tText), func(in []vector, i int, out *writer) error {
			id := engine.StreamID(in[0].Text(i))
			out.SetUUID(i, (*[16]byte)(&id))
			return nil
		}),
		volatile(function("pg_sleep", tText, types(tDouble), func(in []vector, i int, out *writer) error {
			time.Sleep(time.Duration(min(in[0].Double(i), 60) * float64(time.Second)))
			out.SetText(i, "")
			return nil
		})),
		function("pg_uuid_text", tText, types(duck.TUUID), func(in []vector, i int, out *writer) error {
			out.SetText(i, uuid.UUID(in[0].UUID(i)).String())
			return nil
		}),
	}
}

func volatile(f *duck.Function) *duck.Function {
	f.Volatile = true
	return f
}

// mayRelation answers for a role, a relation and a list of privileges, of which one is enough; unknown ones are errors.
func mayRelation(schema func() *schema, known privilege.Set) func(in []vector, i int, out *writer) error {
	return func(in []vector, i int, out *writer) error {
		want, option, err := catalog.ParsePrivileges(in[2].Text(i), known)
		if err != nil {
			return err
		}
		may, ok := schema().about(object(&in[1], i)).MayRelation(object(&in[0], i), object(&in[1], i), want, option)
		if out.SetBool(i, may); !ok {
			out.SetNull(i)
		}
		return nil
	}
}
