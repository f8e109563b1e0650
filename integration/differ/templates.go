package differ

// Templates of expressions by the type they yield. In braces stands what is to be made:
// {int4} an expression of that type, {int4!} a constant of it, {int4#1} one that is made
// once and written in each of its places, {any} an expression of any type, and the
// productions of query.go: {sub:int4}, {exists}, {window} and so on.
var templates = map[string][]string{
	"int4": {
		"json_array_length(json_build_array({any}, {json!}))", "array_upper({_int4}, 1)", "array_ndims({_text})", "date_part('{dayunit}', {date})::int4", "extract({unit} from {timestamp})::int4", "(({int4}, {text}) = ({int4}, {text}))::int4", "regexp_instr({text}, '[a-z]')", "get_byte({bytea} || 'x'::bytea, 0)", "bit_count({bytea})::int4", "length({bytea})", "(array[{int4}, {int4}])[{int4} % 3]",
		"({int4} + {int4})", "({int4} - {int4})", "({int4} * {int4!})", "({int4} / nullif({int4}, 0))", "({int4} % nullif({int4}, 0))",
		"coalesce({int4}, {int4})", "case when {bool} then {int4} else {int4} end", "case when {bool} then {int4} end",
		"case {int4} when {int4} then {int4} when {int4} then {int4} else {int4} end", "case {text} when {text} then {int4} end",
		"nullif({int4}, {int4})", "greatest({int4}, {int4}, {int4})", "least({int4}, {int4})", "abs({int4})", "(-{int4})",
		"length({text})", "octet_length({text})", "position({text} in {text})", "strpos({text}, 'a')", "ascii({text})",
		"extract({unit} from {timestamptz})::int4", "extract({unit} from {interval})::int4", "extract({dayunit} from {date})::int4", "({date} - date '2024-01-01')",
		"array_length({_text}, 1)", "cardinality({_int4})", "({_int4})[1]", "({_int4})[{int4}]", "array_position({_text}, {text})",
		"({int4} & {int4})", "({int4} | {int4})", "({int4} # {int4})", "(~{int4})", "sign({int4})::int4", "({bool})::int4",
		"round({numeric!})::int4", "width_bucket({int4}, 0, 10, 4)", "num_nulls({any}, {any})", "num_nonnulls({any}, {any}, {any})",
		"jsonb_array_length(jsonb_build_array({any}, {any}))", "regexp_count({text}, '[a-z]')", "mod({int4}, 3)", "(row({int4}, {text#1})).f1",
		"{sub:int4}", "{sub:int4}", "{sub:int4}", "cast(null as int4)", "null", "gcd({int4!}, {int4!})", "bit_length({text})", "{int2!}::int4",
	},
	"int8": {
		"({int8} + {int4})", "({int4} - {int8})", "({int8} * 2)", "coalesce({int8}, {int4})", "{int4}::int8", "({int8} / 2)", "({int8} % 7)",
		"case when {bool} then {int8} else {int4} end", "{sub:int8}", "{sub:int8}", "abs({int8})", "greatest({int8}, {int4})", "nullif({int8}, {int4})", "factorial(3)::int8", "length({text})::int8",
	},
	"numeric": {
		"'{eqnumber}'::numeric", "({numeric} + '{eqnumber}'::numeric)", "extract({unit} from {timestamp})", "extract(epoch from {date})", "width_bucket({numeric}, 0, 10, 3)::numeric", "round({numeric}, {int4} % 5)", "exp({numeric!} / 1e10)", "min_scale({numeric})::numeric", "to_number({int4}::text, '99999S')", "log(abs({numeric}) + 1)",
		"({numeric} + {numeric})", "({numeric} - {int4})", "({numeric} * {numeric})", "({numeric} / nullif({numeric}, 0))", "round({numeric}, 1)", "round({numeric})",
		"trunc({numeric}, 1)", "ceil({numeric})", "floor({numeric})", "abs({numeric})", "coalesce({numeric}, {int4})", "{int4}::numeric", "{numeric}::numeric(12,3)",
		"case when {bool} then {numeric} else {int4} end", "extract({unit} from {timestamptz})", "extract({unit} from {interval})", "extract({dayunit} from {date})",
		"mod({numeric}, 2)", "nullif({numeric}, {numeric})", "greatest({numeric}, {numeric})", "({int4} * 0.5)", "({numeric} % nullif({numeric}, 0))", "{sub:numeric}", "{float8!}::numeric", "(-{numeric})",
		"power({numeric!}, 2)", "sqrt(abs({numeric}))", "{int8}::numeric", "scale({numeric})::numeric", "trim_scale({numeric})", "sign({numeric})", "div({numeric}, 2)",
	},
	"float8": {
		"'{zero}'::float8", "({float8} * '{zero}'::float8)", "({numeric} + '{zero}'::float8)", "power({float8}, 2)", "atan2({float8}, 1)", "mod({int4}, 5)::float4::float8", "({float8} + {float8})", "({float8} * {int4})", "({float8} - {numeric})", "({float8} / nullif({float8}, 0))", "{int4}::float8", "{numeric}::float8", "abs({float8})", "sqrt(abs({float8}))",
		"date_part('{unit}', {timestamptz})", "coalesce({float8}, {int4})", "round({float8})", "floor({float8})", "trunc({float8})", "case when {bool} then {float8} else {int4} end", "{sub:float8}", "{float4!}::float8", "power({int4}, 2)", "(-{float8})", "least({float8}, {numeric})", "degrees({float8})", "sign({float8})",
	},
	"text": {
		"({json!} ->> 'a')", "({json!} -> 'b')::text", "({json!} #>> '{b,2}')", "json_typeof({json!})", "{json!}::text", "row_to_json({whole})::text", "to_json({any})::text", "json_build_object('a', {any}, 'b', {whole})::text", "({whole})::text", "concat({whole}, '')", "format('%s', {whole})", "to_char({float8}, 'FM990.099')", "to_char({timestamptz}, 'Dy, DD Mon YYYY HH12:MI:SS.MS AM')", "to_char({date}, 'J IW ID DDD WW')", "lower({text} || 'É')", "upper('é' || {text})", "initcap({text} || ' é')", "({text} collate \"C\")", "left({text}, -1)", "split_part({text}, '', 1)", "string_to_array({text}, '')::text", "encode({bytea}, 'base64')", "encode({bytea}, 'escape')", "convert_from(convert_to({text}, 'UTF8'), 'UTF8')", "quote_ident({text})", "unistr('\\0041')", "regexp_substr({text}, '[a-z]+')", "regexp_replace({text}, '(.)(.)', '\\2\\1')", "{bpchar!}::bpchar || {text}", "array_to_string({_int4}, ',', 'n')", "jsonb_pretty({jsonb})", "age({timestamp}, {timestamp})::text", "('\"' || {text} || '\"')",
		"({text} || {text})", "({text} || {int4})", "upper({text})", "lower({text})", "initcap({text})", "coalesce({text}, {text})", "coalesce({text}, '-')", "left({text}, {int4})", "right({text}, 2)", "substr({text}, 2, 3)", "substring({text} from {int4!} for 2)",
		"replace({text}, 'a', 'zz')", "split_part({text}, '-', 1)", "split_part({text}, ' ', -1)", "trim({text})", "ltrim({text}, 'a')", "rpad({text}, 5, '*')", "lpad({text}, 4)", "reverse({text})", "repeat({text}, 2)", "translate({text}, 'abc', 'xy')",
		"case when {bool} then {text} else {text} end", "case when {bool} then {text} when {bool} then {text} end", "nullif({text}, {text})", "greatest({text}, {text})", "least({text}, {text})", "{int4}::text", "{numeric}::text", "{bool}::text", "{date}::text", "{timestamptz}::text", "{timestamp}::text", "{interval}::text", "{float8}::text", "{jsonb}::text", "{_text}::text", "{_int4}::text", "{uuid}::text",
		"({jsonb} ->> 'a')", "({jsonb} ->> 0)", "({jsonb} #>> '{b,0}')", "jsonb_typeof({jsonb})", "to_char({timestamptz}, 'YYYY-MM-DD HH24:MI:SS')", "to_char({date}, 'IYYY-IW')", "to_char({date}, 'Dy DD Mon YYYY')", "to_char({numeric}, 'FM999990.00')", "to_char({int4}, '9999')", "to_char({interval}, 'DD HH24:MI')", "to_char({timestamp}, 'Q J D')", "to_char({timestamptz}, 'TZ OF')",
		"array_to_string({_text}, ',', '*')", "({_text})[1]", "md5({text})", "concat({any}, {text}, {any})", "concat_ws('/', {text}, {any}, {text})", "format('%s-%s', {any}, {text})", "format('%I %L', {text}, {any})", "quote_literal({text})", "quote_nullable({any})", "regexp_replace({text}, '[aeiou]', '_', 'g')", "substring({text} from '[a-z]+')", "(regexp_match({text}, '([a-z])(.)'))[1]", "pg_typeof({any})::text",
		"{sub:text}", "{sub:text}", "{text}::varchar(3)::text", "{bpchar!}::text", "chr(65 + abs({int4}) % 26)", "to_hex({int4})", "encode({bytea}, 'hex')", "{unknown}", "null", "overlay({text} placing 'zz' from 2)",
	},
	"bool": {
		"({whole} is distinct from {whole})", "({whole} = {whole})", "({whole}) in (select {whole})", "{text} ilike 'É%'", "{text} ilike '%é'", "('É' || {text}) ilike ('é' || {text})", "({text} collate \"C\" > {text})", "({float8} = '{zero}'::float8)", "({interval} = interval '{eqspan}')", "({jsonb} = '{eqjson}'::jsonb)", "({jsonb} @@ '$.a == 1')", "(({int4}, {text}) not in (({int4}, {text}), (null, {text})))", "({int4}, {int4}) >= ({int4}, {int4})", "({date} between {date} and {timestamp})", "({timestamptz} between {date} and {timestamptz})", "{int4} in ({sub:int4}, {int4})", "{bpchar!} = {text}", "({text} ~ ('^' || left({text}, 1)))", "({timestamp} at time zone '{zone}') < {timestamptz}", "({_text} = {_text}) is not true", "({int4} = all (array[{int4}, null]))",
		"{cmp}", "{cmp}", "{cmp}", "{cmp}", "({bool} and {bool})", "({bool} or {bool})", "not ({bool})", "({any} is null)", "({any} is not null)", "({bool} is true)", "({bool} is not false)", "({bool} is unknown)",
		"{int4} in ({int4}, {int4}, {int4})", "{int4} not in ({int4!}, {int4!})", "{int4} not in (1, null)", "{text} in ({text}, {text})", "{int4} between {int4} and {int4}", "{int4} not between symmetric {int4} and {int4}", "{text} between {text} and {text}",
		"{text} like '{pattern}'", "{text} not like '{pattern}'", "{text} ilike '{pattern}'", "{text} ~ '{regex}'", "{text} !~* '{regex}'", "{text} similar to '{pattern}'", "starts_with({text}, 'a')",
		"({jsonb} ? 'a')", "({jsonb} @> '{\"a\": 1}')", "({jsonb} <@ {jsonb})", "({jsonb} @> {jsonb})", "({jsonb} ?| array['a', 'x'])", "({jsonb} @? '$.a')", "({_text} @> array['a'])", "({_text} && {_text})", "({_int4} <@ {_int4})",
		"{int4} = any({_int4})", "{text} = any({_text})", "{int4} <> all({_int4})", "{int4} = any(array[{int4}, {int4}])", "{text} <> all(array[{text}, {text}])", "{int4} > any(array[{int4}])",
		"({int4}, {text}) = ({int4}, {text})", "({int4}, {int4}) < ({int4}, {int4})", "({int4}, {text}) is distinct from ({int4}, {text})", "row({int4}, {text}) is null", "row({int4}, {text}) is not null", "({int4}, {text}) in (({int4}, {text}), ({int4}, {text}))",
		"{exists}", "{exists}", "{exists}", "not {exists}", "{in}", "{in}", "{rowin}", "{quantified}", "{quantified}", "coalesce({bool}, {bool})", "case when {bool} then {bool} else {bool} end", "({timestamptz}, {interval}) overlaps ({timestamptz}, {interval})", "({date}, {date}) overlaps ({date}, {date})", "{int4}::bool", "null::bool", "isfinite({date})", "isfinite({timestamptz})", "({text} collate \"C\" < {text})", "({whole} is null)", "({whole} is not null)",
	},
	"date": {
		"({date} + {int4!})", "({date} - {int4} % 1000)", "{timestamptz}::date", "{timestamp}::date", "coalesce({date}, {date})", "case when {bool} then {date} end", "greatest({date}, {date})", "make_date(2024, 1 + abs({int4}) % 12, 1 + abs({int4}) % 28)", "({date} + {interval})::date", "date_trunc('month', {date})::date", "to_date('2024-05-06', 'YYYY-MM-DD')", "{sub:date}", "nullif({date}, {date})", "(({date}) at time zone 'UTC')::date",
	},
	"timestamp": {
		"({timestamp} + interval '{eqspan}')", "({timestamp} - interval '{eqspan}')", "({date} + interval '{eqspan}')", "(timestamp '2024-01-31' + {interval})", "date_trunc('{trunc}', {date} + interval '{eqspan}')", "timestamp '{eqstamp}'", "'{eqstamp}'::timestamp",
		"({timestamp} + {interval})", "({timestamp} - {interval})", "({date} + {interval})", "{date}::timestamp", "{timestamptz}::timestamp", "({timestamptz} at time zone '{zone}')", "date_trunc('{trunc}', {timestamp})", "coalesce({timestamp}, {timestamp})", "date_bin('15 minutes', {timestamp}, timestamp '2001-01-01')", "({date} + time '12:30')", "case when {bool} then {timestamp} else {date} end", "make_timestamp(2024, 2, 28, 23, 59, 1.5)", "greatest({timestamp}, {date})",
	},
	"timestamptz": {
		"({timestamptz} + interval '{eqspan}')", "({timestamptz} - interval '{eqspan}')", "timestamptz '{eqstamp}'", "('{eqstamp} {zone}')::timestamptz", "date_trunc('hour', {timestamptz}, '{zone}')", "date_trunc('minute', {timestamptz}, '{zone}')", "(({timestamptz} at time zone '{zone}') at time zone '{zone}')", "make_timestamptz(2024, 10, 27, 2, 30, 0, '{zone}')",
		"({timestamptz} + {interval})", "({timestamptz} - {interval})", "date_trunc('{trunc}', {timestamptz})", "date_trunc('{trunc}', {timestamptz}, '{zone}')", "({timestamp} at time zone '{zone}')", "{timestamp}::timestamptz", "{date}::timestamptz", "coalesce({timestamptz}, {timestamptz})", "to_timestamp({int4})", "case when {bool} then {timestamptz} else {timestamp} end", "least({timestamptz}, {timestamptz})", "{sub:timestamptz}", "nullif({timestamptz}, {timestamptz})", "date_bin('1 hour', {timestamptz}, timestamptz '2001-01-01')", "({timestamptz} + {int4} % 100 * interval '1 day')", "timestamptz '2024-03-10 02:30'", "timestamptz '2024-10-27 01:30 Europe/Berlin'",
	},
	"interval": {
		"interval '{eqspan}'", "('{eqspan}')::interval", "({interval} - interval '{eqspan}')", "(interval '{eqspan}' * {int4!} / 3)", "({date}::timestamp - {timestamp})", "extract(epoch from {interval})::int4 * interval '1 second'",
		"({interval} + {interval})", "({interval} - {interval})", "({interval} * 2)", "({interval} * 0.5)", "({interval} / 3)", "(-{interval})", "({timestamptz} - {timestamptz})", "({timestamp} - {timestamp})", "age({timestamp}, {timestamp})", "age({timestamptz}, {timestamptz})", "justify_days({interval})", "justify_hours({interval})", "justify_interval({interval})", "coalesce({interval}, {interval})", "make_interval(days => {int4} % 1000)", "make_interval(hours => 3, mins => {int4} % 1000)", "greatest({interval}, {interval})", "date_trunc('hour', {interval})", "case when {bool} then {interval} end", "({int4} % 1000 * interval '1 day')", "(time '12:00' - time '11:30')", "{sub:interval}", "nullif({interval}, {interval})",
	},
	"jsonb": {
		"'{eqjson}'::jsonb", "({json!})::jsonb", "coalesce(to_jsonb({whole}), '{}')", "jsonb_build_object('r', {whole}, 'e', extract(epoch from {date}))", "to_jsonb({timestamp})", "to_jsonb({bpchar!})", "jsonb_build_array({float8}, {numeric}, {bytea})", "jsonb_object(array['a', {text}])", "jsonb_insert('[1,2]', '{1}', to_jsonb({any}))", "jsonb_path_query_array({jsonb}, '$[*] ? (@ > 1)')", "jsonb_path_query_first({jsonb}, 'strict $.a')", "to_jsonb(array[{int4}, {int4}])", "({jsonb!} - array['a'])",
		"({jsonb} -> 'a')", "({jsonb} -> 'b')", "({jsonb} -> 0)", "({jsonb} -> -1)", "({jsonb} #> '{b,0}')", "({jsonb} || {jsonb})", "to_jsonb({any})", "to_jsonb({text})", "jsonb_build_object('a', {any}, 'b', {any})", "jsonb_build_array({any}, {any})", "coalesce({jsonb}, {jsonb})", "nullif({jsonb}, {jsonb})", "case when {bool} then {jsonb} end", "jsonb_strip_nulls({jsonb})", "jsonb_set({jsonb!}, '{a}', to_jsonb({any}))", "jsonb_path_query_first({jsonb}, '$.a')", "jsonb_path_query_array({jsonb}, '$.b[*]')", "({jsonb} - 'a')", "({jsonb!} - 0)", "({jsonb!} #- '{b,0}')", "{sub:jsonb}", "to_jsonb({_text})", "greatest({jsonb}, {jsonb})", "({jsonb})['a']", "to_jsonb({whole})", "{text}::text::jsonb", "jsonb_extract_path({jsonb}, 'b', '2')",
	},
	"_text": {
		"array[{text}, {text}]", "({_text} || {text})", "({_text} || {_text})", "string_to_array({text}, ',')", "regexp_split_to_array({text}, '[, ]')", "array_remove({_text}, 'a')", "coalesce({_text}, {_text})", "array_append({_text}, {text})", "array({query:text})", "case when {bool} then {_text} end", "({_text})[1:2]", "array_replace({_text}, 'a', {text})", "regexp_match({text}, '(.)(.)')", "{sub:_text}", "nullif({_text}, {_text})", "array[]::text[]", "{_int4}::text[]",
	},
	"_int4": {
		"array[{int4}, {int4}, null]", "({_int4} || {int4})", "({int4} || {_int4})", "array_cat({_int4}, {_int4})", "array_positions({_int4}, 1)", "coalesce({_int4}, {_int4})", "array({query:int4})", "({_int4})[2:]", "array_remove({_int4}, {int4})", "{sub:_int4}", "trim_array({_int4!}, 0)", "case when {bool} then {_int4} end",
	},
	"uuid":  {"coalesce({uuid}, {uuid})", "nullif({uuid}, {uuid})", "case when {bool} then {uuid} end", "md5({text})::uuid", "greatest({uuid}, {uuid})"},
	"bytea": {"({bytea} || {bytea})", "convert_to({text}, 'UTF8')", "decode('616263', 'hex')", "substring({bytea} from 2)", "coalesce({bytea}, {bytea})", "sha256({bytea})"},
}

// aggregates yield a type over the rows of a group.
var aggregates = map[string][]string{
	"int4":        {"max({int4})", "min({int4})", "count(*)::int4", "count({any})::int4", "sum({int4})::int4", "bit_and({int4})", "bit_or({int4})", "count(distinct {int4})::int4", "(array_agg({int4#1} order by {int4#1}))[1]", "percentile_disc(0.5) within group (order by {int4})", "mode() within group (order by {int4})", "coalesce(max({int4}), 0)"},
	"int8":        {"count({whole})", "dense_rank({int4!}) within group (order by {int4})", "rank({text!}, {int4!}) within group (order by {text}, {int4} desc)", "count(*) filter (where {timestamp} + interval '1 mon' > {timestamp}) - count(*) filter (where {timestamp} + interval '30 days' > {timestamp})", "count(distinct {whole})", "count(*)", "count({any})", "count(distinct {any})", "sum({int4})", "max({int8})", "min({int8})", "sum(distinct {int4})", "count(distinct ({int4}, {text}))", "rank({int4!}) within group (order by {int4})", "regr_count({float8}, {float8})"},
	"numeric":     {"sum({numeric})", "avg({int4})", "avg({numeric})", "max({numeric})", "min({numeric})", "sum({int8})", "avg(distinct {int4})", "var_pop({int4})", "stddev({int4})", "variance({numeric})", "sum(distinct {numeric})", "avg({int8})", "stddev_samp({numeric})"},
	"float8":      {"cume_dist({int4!}) within group (order by {int4})", "percent_rank({int4!}) within group (order by {int4})", "(percentile_cont(array[0.25, 0.5, 1]) within group (order by {float8}))[2]", "regr_intercept({float8}, {int4})", "var_samp({float8})", "regr_avgx({int4}, {float8})", "sum({float8})", "avg({float8})", "max({float8})", "min({float8})", "percentile_cont(0.5) within group (order by {float8})", "percentile_cont(0.25) within group (order by {int4})", "corr({float8}, {int4})", "stddev_pop({float8})", "regr_slope({float8}, {int4})", "covar_pop({int4}, {int4})"},
	"text":        {"json_agg({any#1} order by {any#1})::text", "json_object_agg(coalesce({text#1}, '-'), {any#2} order by {text#1}, {any#2})::text", "(percentile_disc(array[0, 0.5]) within group (order by {text}))::text", "string_agg({text#1}, null order by {text#1})", "max({bpchar!} || {text})", "max({text} collate \"C\")", "max({text})", "min({text})", "string_agg({text#1}, ',' order by {text#1})", "string_agg({text#1}, ',' order by {text#1} desc nulls last)", "string_agg(distinct {text#1}, '/' order by {text#1})", "mode() within group (order by {text})", "string_agg({text#1}, {text#2} order by {text#1}, {text#2})", "array_agg({any#1} order by {any#1})::text", "jsonb_agg({any#1} order by {any#1})::text", "percentile_disc(0.25) within group (order by {text})", "array_to_string(array_agg({text#1} order by {text#1} using <), ',')"},
	"bool":        {"bool_and({bool})", "bool_or({bool})", "every({bool})", "count(*) > 1", "max({int4}) = min({int4})"},
	"date":        {"max({date})", "min({date})"},
	"timestamp":   {"max({timestamp})", "min({timestamp})"},
	"timestamptz": {"max({timestamptz})", "min({timestamptz})"},
	"interval":    {"sum({interval})", "max({interval})", "min({interval})", "avg({interval})", "percentile_cont(0.5) within group (order by {interval})"},
	"jsonb":       {"jsonb_agg({whole#1} order by {whole#1})", "jsonb_object_agg({int4#1} + 100 * {int4#2}, null order by {int4#1})", "jsonb_agg({int4#1} order by {int4#1})", "jsonb_agg({text#1} order by {text#1} nulls first)", "jsonb_object_agg(coalesce({text#1}, '-'), {int4#2} order by {text#1}, {int4#2})", "to_jsonb(max({text}))", "jsonb_agg(distinct {int4})"},
	"_text":       {"array_agg({text#1} order by {text#1})", "array_agg(distinct {text})", "array_agg({text#1} order by {int4#2}, {text#1})", "max({_text})"},
	"_int4":       {"array_agg({int4#1} order by {int4#1} desc)", "array_agg(distinct {int4} order by 1)", "array_agg(distinct {int4})", "min({_int4})"},
	"uuid":        {"(array_agg({uuid#1} order by {uuid#1}))[1]"},
	"bytea":       {"string_agg({bytea#1}, '\\x2c'::bytea order by {bytea#1})"},
}

// windows yield a type for each row, from those about it.
var windows = map[string][]string{
	"int4":        {"lag({int4}) {over}", "lead({int4}, 2, {int4}) {over}", "first_value({int4}) {over}", "last_value({int4}) {frame}", "nth_value({int4}, 2) {frame}", "ntile(3) {over}", "max({int4}) {frame}"},
	"int8":        {"count(*) {range}", "sum({int4}) {range}", "count(*) {spanrange}", "sum({int4}) {spanrange}", "row_number() {over}", "rank() {over}", "dense_rank() {over}", "count(*) {frame}", "count({any}) {frame}", "sum({int4}) {frame}", "count(*) filter (where {bool}) {frame}"},
	"numeric":     {"sum({numeric}) {range}", "max({numeric}) {spanrange}", "avg({int4}) {frame}", "sum({numeric}) {frame}", "sum(sum({int4})) {over}", "min({numeric}) {frame}"},
	"float8":      {"percent_rank() {over}", "cume_dist() {over}", "max({float8}) {frame}", "min({float8}) {over}"},
	"text":        {"first_value({text}) {frame}", "lag({text}, 1, '-') {over}", "max({text}) {frame}", "min({text}) {over}", "lead({text}) {over}", "string_agg({text}, ',') {frame}"},
	"date":        {"lag({date}) {over}", "max({date}) {frame}"},
	"timestamptz": {"min({timestamptz}) {frame}", "lead({timestamptz}) {over}"},
	"interval":    {"sum({interval}) {frame}", "({timestamptz#1} - lag({timestamptz#1}) {over})"},
	"bool":        {"bool_or({bool}) {frame}", "(row_number() {over} = 1)"},
	"jsonb":       {"first_value({jsonb}) {over}", "jsonb_agg({int4}) {frame}"},
	"_int4":       {"array_agg({int4}) {frame}"},
}

// words are the placeholders that are a choice of words.
var words = map[string][]string{
	"unit":     {"year", "month", "day", "dow", "doy", "week", "isoyear", "hour", "quarter", "epoch", "isodow", "minute", "second"},
	"dayunit":  {"year", "month", "day", "dow", "doy", "week", "isoyear", "quarter", "epoch", "isodow", "decade", "century", "julian"},
	"trunc":    {"day", "week", "month", "hour", "quarter", "year", "minute", "decade"},
	"zone":     {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"},
	"pattern":  {"a%", "%b", "_", "%", "A%", "", "%o%", "_b%"},
	"regex":    {"a", "^[A-Z]", "b$", "o+", "(x|y)"},
	"zero":     {"0", "-0"},
	"eqspan":   {"1 mon", "30 days", "720:00:00", "1 day", "24:00:00", "1 year", "360 days", "12 mons"},
	"eqnumber": {"1", "1.0", "1.00", "0", "0.00"},
	"eqjson":   {"1", "1.0", "{\"a\": 1}", "{\"a\": 1.00}", "[1, null]"},
	"eqstamp":  {"2024-03-31 02:30", "2024-10-27 02:30", "2024-11-03 01:30", "2024-03-10 02:30", "2024-01-01 00:00"},
	"unknown":  {"'x'", "'abc'", "'12'", "''"},
	"op":       {"=", "<>", "<", ">", "<=", ">="},
}

// comparable are the types whose values can be compared, a pair at a time.
var comparables = [][2]string{
	{"int4", "int4"},
	{"int4", "int4"},
	{"int4", "int4"},
	{"text", "text"},
	{"text", "text"},
	{"int8", "int4"},
	{"int4", "numeric"},
	{"numeric", "numeric"},
	{"float8", "float8"},
	{"float8", "int4"},
	{"numeric", "float8"},
	{"date", "date"},
	{"timestamptz", "timestamptz"},
	{"timestamp", "timestamp"},
	{"timestamptz", "timestamp"},
	{"date", "timestamp"},
	{"date", "timestamptz"},
	{"interval", "interval"},
	{"jsonb", "jsonb"},
	{"_text", "_text"},
	{"_int4", "_int4"},
	{"uuid", "uuid"},
	{"bool", "bool"},
	{"bytea", "bytea"},
	{"int8", "numeric"},
}
