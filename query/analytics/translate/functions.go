//go:build cgo

package translate

import (
	"slices"
	"strings"

	"github.com/eventgres/eventgres/pgwire/pgvalue"
	"github.com/eventgres/eventgres/query/analytics"
)

// functionList has the functions whose calls are their arguments put into a text, a form a
// line: name(types) result = SQL. Behind the name "!" says that it can fail for some
// values, "~" that it is volatile, "*" that it returns a set. $1 … are the arguments in the
// forms they are held in, numerics as text ("#" keeps them as they are); @name@ is the
// session's. Those of search.go are written there.
const functionList = `
length(text) int4 = CAST(length($1) AS INTEGER)
length(bytea) int4 = CAST(octet_length($1) AS INTEGER)
char_length(text) int4 = CAST(length($1) AS INTEGER)
character_length(text) int4 = CAST(length($1) AS INTEGER)
octet_length(text) int4 = CAST(strlen($1) AS INTEGER)
octet_length(bytea) int4 = CAST(octet_length($1) AS INTEGER)
bit_length(text) int4 = CAST(strlen($1) * 8 AS INTEGER)
octet_length(bpchar) int4 = CAST(strlen($1) AS INTEGER)
bit_length(bytea) int4 = CAST(octet_length($1) * 8 AS INTEGER)
bit_count(bytea) int8 = pg_bit_count($1)
lower(text) text = pg_lower($1)
upper(text) text = pg_upper($1)
length(bit) int4 = CAST(strlen($1) AS INTEGER)
bit_length(bit) int4 = CAST(strlen($1) AS INTEGER)
octet_length(bit) int4 = CAST((strlen($1) + 7) // 8 AS INTEGER)
bit_count(bit) int8 = CAST(strlen($1) - strlen(replace($1, '1', '')) AS BIGINT)
substring!(bit, int4) bit = pg_substring_from($1, $2)
substring!(bit, int4, int4) bit = pg_substring($1, $2, $3)
position(bit, bit) int4 = CAST(instr($1, $2) AS INTEGER)
overlay!(bit, bit, int4) bit = pg_overlay($1, $2, $3, CAST(length($2) AS INTEGER))
overlay!(bit, bit, int4, int4) bit = pg_overlay($1, $2, $3, $4)
get_bit!(bit, int4) int4 = pg_get_bit($1, $2)
set_bit!(bit, int4, int4) bit = pg_set_bit($1, $2, $3)
get_bit!(bytea, int8) int4 = pg_get_bytea_bit($1, $2)
set_bit!(bytea, int8, int4) bytea = pg_set_bytea_bit($1, $2, $3)
get_byte!(bytea, int4) int4 = pg_get_byte($1, $2)
set_byte!(bytea, int4, int4) bytea = pg_set_byte($1, $2, $3)
substring!(bytea, int4) bytea = pg_bytes_substring_from($1, $2)
substring!(bytea, int4, int4) bytea = pg_bytes_substring($1, $2, $3)
substr!(bytea, int4) bytea = pg_bytes_substring_from($1, $2)
substr!(bytea, int4, int4) bytea = pg_bytes_substring($1, $2, $3)
overlay!(bytea, bytea, int4) bytea = pg_bytes_overlay($1, $2, $3, CAST(octet_length($2) AS INTEGER))
overlay!(bytea, bytea, int4, int4) bytea = pg_bytes_overlay($1, $2, $3, $4)
position(bytea, bytea) int4 = pg_bytes_position($1, $2)
btrim(bytea, bytea) bytea = pg_bytes_trim($1, $2, TRUE, TRUE)
ltrim(bytea, bytea) bytea = pg_bytes_trim($1, $2, TRUE, FALSE)
rtrim(bytea, bytea) bytea = pg_bytes_trim($1, $2, FALSE, TRUE)
initcap(text) text = pg_initcap($1)
trim(text) text = trim($1, ' ')
btrim(text) text = trim($1, ' ')
btrim(text, text) text = pg_btrim($1, $2)
ltrim(text) text = ltrim($1, ' ')
ltrim(text, text) text = pg_ltrim($1, $2)
rtrim(text) text = rtrim($1, ' ')
rtrim(text, text) text = pg_rtrim($1, $2)
lpad!(text, int4) text = pg_lpad($1, $2, ' ')
lpad!(text, int4, text) text = pg_lpad($1, $2, $3)
rpad!(text, int4) text = pg_rpad_with($1, $2, ' ')
rpad!(text, int4, text) text = pg_rpad_with($1, $2, $3)
left(text, int4) text = pg_left($1, $2)
right(text, int4) text = pg_right($1, $2)
substr!(text, int4) text = pg_substring_from($1, $2)
substr!(text, int4, int4) text = pg_substring($1, $2, $3)
substring!(text, int4) text = pg_substring_from($1, $2)
substring!(text, int4, int4) text = pg_substring($1, $2, $3)
substring!(text, text) text = pg_regexp_substring($1, $2)
substring!(text, text, text) text = pg_regexp_substring($1, pg_similar_with($2, $3))
position(text, text) int4 = CAST(instr($1, $2) AS INTEGER)
strpos(text, text) int4 = CAST(instr($1, $2) AS INTEGER)
overlay!(text, text, int4) text = pg_overlay($1, $2, $3, CAST(length($2) AS INTEGER))
overlay!(text, text, int4, int4) text = pg_overlay($1, $2, $3, $4)
replace(text, text, text) text = pg_replace($1, $2, $3)
translate(text, text, text) text = pg_translate($1, $2, $3)
reverse(text) text = pg_reverse($1)
repeat!(text, int4) text = pg_repeat($1, $2)
split_part!(text, text, int4) text = pg_split_part($1, $2, $3)
starts_with(text, text) bool = starts_with($1, $2)
ascii(text) int4 = pg_ascii($1)
chr!(int4) text = pg_chr($1)
md5(text) text = md5($1)
md5(bytea) text = md5($1)
sha224(bytea) bytea = pg_sha($1, 224)
sha256(bytea) bytea = unhex(sha256($1))
sha384(bytea) bytea = pg_sha($1, 384)
sha512(bytea) bytea = pg_sha($1, 512)
to_hex(int4) text = pg_to_hex(CAST($1 AS BIGINT) & 4294967295)
to_hex(int8) text = pg_to_hex($1)
encode!(bytea, text) text = pg_encode($1, $2)
decode!(text, text) bytea = pg_decode($1, $2)
convert_from!(bytea, name) text = pg_convert_from($1, $2)
convert_to!(text, name) bytea = pg_convert_to($1, $2)
convert!(bytea, name, name) bytea = pg_convert($1, $2, $3)
length!(bytea, name) int4 = pg_encoded_length($1, $2)
unistr!(text) text = pg_unistr($1)
hashtext(text) int4 = pg_hash_half(pg_hash_text($1, 0))
hashtextextended(text, int8) int8 = pg_hash_text($1, $2)
hashname(name) int4 = pg_hash_half(pg_hash_text($1, 0))
hashnameextended(name, int8) int8 = pg_hash_text($1, $2)
hashbpchar(bpchar) int4 = pg_hash_half(pg_hash_text(rtrim($1, ' '), 0))
hashbpcharextended(bpchar, int8) int8 = pg_hash_text(rtrim($1, ' '), $2)
hashchar(char) int4 = pg_hash_half(pg_hash_int4(CAST(pg_char_code($1) AS BIGINT), 0))
hashcharextended(char, int8) int8 = pg_hash_int4(CAST(pg_char_code($1) AS BIGINT), $2)
hashint2(int2) int4 = pg_hash_half(pg_hash_int4(CAST($1 AS BIGINT), 0))
hashint2extended(int2, int8) int8 = pg_hash_int4(CAST($1 AS BIGINT), $2)
hashint4(int4) int4 = pg_hash_half(pg_hash_int4(CAST($1 AS BIGINT), 0))
hashint4extended(int4, int8) int8 = pg_hash_int4(CAST($1 AS BIGINT), $2)
hashint8(int8) int4 = pg_hash_half(pg_hash_int8($1, 0))
hashint8extended(int8, int8) int8 = pg_hash_int8($1, $2)
hashoid(oid) int4 = pg_hash_half(pg_hash_int4($1, 0))
hashoidextended(oid, int8) int8 = pg_hash_int4($1, $2)
hashfloat4(float4) int4 = pg_hash_half(pg_hash_float8(CAST($1 AS DOUBLE), 0))
hashfloat4extended(float4, int8) int8 = pg_hash_float8(CAST($1 AS DOUBLE), $2)
hashfloat8(float8) int4 = pg_hash_half(pg_hash_float8($1, 0))
hashfloat8extended(float8, int8) int8 = pg_hash_float8($1, $2)
uuid_hash(uuid) int4 = pg_hash_half(pg_hash_bytes(unhex(replace(CAST($1 AS VARCHAR), '-', '')), 0))
uuid_hash_extended(uuid, int8) int8 = pg_hash_bytes(unhex(replace(CAST($1 AS VARCHAR), '-', '')), $2)
timestamp_hash(timestamp) int4 = pg_hash_half(pg_hash_int8(pg_epoch_2000($1), 0))
timestamp_hash_extended(timestamp, int8) int8 = pg_hash_int8(pg_epoch_2000($1), $2)
time_hash(time) int4 = pg_hash_half(pg_hash_int8(pg_time_micros($1), 0))
time_hash_extended(time, int8) int8 = pg_hash_int8(pg_time_micros($1), $2)
quote_ident(text) text = pg_quote_ident($1)
string_to_array(text, text) text[] = pg_string_to_array($1, $2, NULL)
string_to_array(text, text, text) text[] = pg_string_to_array($1, $2, $3)
string_to_table*(text, text) text = pg_string_to_array($1, $2, NULL)
string_to_table*(text, text, text) text = pg_string_to_array($1, $2, $3)
regexp_replace!(text, text, text) text = pg_regexp_replace($1, $2, $3, '')
regexp_replace!(text, text, text, text) text = pg_regexp_replace($1, $2, $3, $4)
regexp_match!(text, text) text[] = pg_regexp_match($1, $2, '')
regexp_match!(text, text, text) text[] = pg_regexp_match($1, $2, $3)
regexp_matches*!(text, text) text[] = pg_regexp_matches($1, $2, '')
regexp_matches*!(text, text, text) text[] = pg_regexp_matches($1, $2, $3)
regexp_split_to_array!(text, text) text[] = pg_regexp_split($1, $2, '')
regexp_split_to_array!(text, text, text) text[] = pg_regexp_split($1, $2, $3)
regexp_split_to_table*!(text, text) text = pg_regexp_split($1, $2, '')
regexp_split_to_table*!(text, text, text) text = pg_regexp_split($1, $2, $3)
regexp_replace!(text, text, text, int4) text = pg_regexp_replace_at($1, $2, $3, $4, 1, '')
regexp_replace!(text, text, text, int4, int4) text = pg_regexp_replace_at($1, $2, $3, $4, $5, '')
regexp_replace!(text, text, text, int4, int4, text) text = pg_regexp_replace_at($1, $2, $3, $4, $5, $6)
regexp_count!(text, text) int4 = pg_regexp_count($1, $2, 1, '')
regexp_count!(text, text, int4) int4 = pg_regexp_count($1, $2, $3, '')
regexp_count!(text, text, int4, text) int4 = pg_regexp_count($1, $2, $3, $4)
regexp_instr!(text, text) int4 = pg_regexp_instr($1, $2, 1, 1, 0, '', 0)
regexp_instr!(text, text, int4) int4 = pg_regexp_instr($1, $2, $3, 1, 0, '', 0)
regexp_instr!(text, text, int4, int4) int4 = pg_regexp_instr($1, $2, $3, $4, 0, '', 0)
regexp_instr!(text, text, int4, int4, int4) int4 = pg_regexp_instr($1, $2, $3, $4, $5, '', 0)
regexp_instr!(text, text, int4, int4, int4, text) int4 = pg_regexp_instr($1, $2, $3, $4, $5, $6, 0)
regexp_instr!(text, text, int4, int4, int4, text, int4) int4 = pg_regexp_instr($1, $2, $3, $4, $5, $6, $7)
regexp_like!(text, text) bool = pg_regexp($1, $2, '')
regexp_like!(text, text, text) bool = pg_regexp($1, $2, $3)
regexp_substr!(text, text) text = pg_regexp_substr($1, $2, 1, 1, '', 0)
regexp_substr!(text, text, int4) text = pg_regexp_substr($1, $2, $3, 1, '', 0)
regexp_substr!(text, text, int4, int4) text = pg_regexp_substr($1, $2, $3, $4, '', 0)
regexp_substr!(text, text, int4, int4, text) text = pg_regexp_substr($1, $2, $3, $4, $5, 0)
regexp_substr!(text, text, int4, int4, text, int4) text = pg_regexp_substr($1, $2, $3, $4, $5, $6)
similar_to_escape!(text) text = pg_similar($1)
similar_to_escape!(text, text) text = pg_similar_with($1, $2)
similar_escape!(text, text) text = pg_similar_with($1, coalesce($2, '\'))
like_escape!(text, text) text = pg_like_escape($1, $2)
to_char!(timestamp, text) text = pg_to_char_timestamp($1, $2)
to_char!(timestamptz, text) text = pg_to_char_timestamptz($1, $2, @zone@)
to_char!(interval, text) text = pg_to_char_interval($1, $2)
to_char!(int4, text) text = pg_to_char_int(CAST($1 AS BIGINT), $2, FALSE)
to_char!(int8, text) text = pg_to_char_int($1, $2, TRUE)
to_char!(numeric, text) text = pg_to_char_num($1, $2)
to_char!(float4, text) text = pg_to_char_float(CAST($1 AS DOUBLE), $2, 6)
to_char!(float8, text) text = pg_to_char_float($1, $2, 15)
to_date!(text, text) date = pg_to_date($1, $2)
to_timestamp!(text, text) timestamptz = pg_to_timestamp($1, $2, @zone@)
to_timestamp!(float8) timestamptz = pg_epoch_timestamp($1)
to_number!(text, text) numeric = pg_to_number($1, $2)

abs#(int2) int2 = abs($1)
abs#(int4) int4 = abs($1)
abs#(int8) int8 = abs($1)
abs#(numeric) numeric = abs($1)
abs#(float4) float4 = abs($1)
abs#(float8) float8 = abs($1)
abs(numeric) numeric = pg_num_abs($1)
sign(numeric) numeric = pg_num_sign($1)
sign(float8) float8 = CAST(sign($1) AS DOUBLE)
ceil(numeric) numeric = pg_num_ceil($1)
ceil(float8) float8 = ceil($1)
ceiling(numeric) numeric = pg_num_ceil($1)
ceiling(float8) float8 = ceil($1)
floor(numeric) numeric = pg_num_floor($1)
floor(float8) float8 = floor($1)
round(numeric) numeric = pg_num_round($1, 0)
round(numeric, int4) numeric = pg_num_round($1, $2)
round(float8) float8 = round_even($1, 0)
trunc(numeric) numeric = pg_num_trunc($1, 0)
trunc(numeric, int4) numeric = pg_num_trunc($1, $2)
trunc(float8) float8 = trunc($1)
div!(numeric, numeric) numeric = pg_num_idiv($1, $2)
mod!(int2, int2) int2 = (CASE WHEN $2 = 0 AND $1 IS NOT NULL THEN error('EVG22012:division by zero') WHEN $2 = -1 THEN $1 - $1 ELSE $1 % $2 END)
mod!(int4, int4) int4 = (CASE WHEN $2 = 0 AND $1 IS NOT NULL THEN error('EVG22012:division by zero') WHEN $2 = -1 THEN $1 - $1 ELSE $1 % $2 END)
mod!(int8, int8) int8 = (CASE WHEN $2 = 0 AND $1 IS NOT NULL THEN error('EVG22012:division by zero') WHEN $2 = -1 THEN $1 - $1 ELSE $1 % $2 END)
mod!(numeric, numeric) numeric = pg_num_mod($1, $2)
power!(numeric, numeric) numeric = pg_num_power($1, $2)
power!(float8, float8) float8 = pg_power($1, $2)
pow!(numeric, numeric) numeric = pg_num_power($1, $2)
pow!(float8, float8) float8 = pg_power($1, $2)
sqrt!(numeric) numeric = pg_num_sqrt($1)
sqrt!(float8) float8 = pg_sqrt($1)
cbrt!(float8) float8 = pg_cbrt($1)
exp!(numeric) numeric = pg_num_exp($1)
exp!(float8) float8 = pg_exp($1)
ln!(numeric) numeric = pg_num_ln($1)
ln!(float8) float8 = pg_ln($1)
log!(numeric) numeric = pg_num_log($1)
log!(float8) float8 = pg_log10($1)
log!(numeric, numeric) numeric = pg_num_log_base($1, $2)
log10!(numeric) numeric = pg_num_log($1)
log10!(float8) float8 = pg_log10($1)
pi() float8 = pi()
degrees!(float8) float8 = pg_degrees($1)
radians!(float8) float8 = pg_radians($1)
sin!(float8) float8 = pg_sin($1)
cos!(float8) float8 = pg_cos($1)
tan!(float8) float8 = pg_tan($1)
cot!(float8) float8 = pg_cot($1)
asin!(float8) float8 = pg_asin($1)
acos!(float8) float8 = pg_acos($1)
atan!(float8) float8 = pg_atan($1)
sinh!(float8) float8 = pg_sinh($1)
cosh!(float8) float8 = pg_cosh($1)
tanh!(float8) float8 = pg_tanh($1)
asinh!(float8) float8 = pg_asinh($1)
acosh!(float8) float8 = pg_acosh($1)
atanh!(float8) float8 = pg_atanh($1)
sind!(float8) float8 = pg_sind($1)
cosd!(float8) float8 = pg_cosd($1)
tand!(float8) float8 = pg_tand($1)
cotd!(float8) float8 = pg_cotd($1)
asind!(float8) float8 = pg_asind($1)
acosd!(float8) float8 = pg_acosd($1)
atand!(float8) float8 = pg_atand($1)
atan2(float8, float8) float8 = pg_atan2($1, $2)
atan2d(float8, float8) float8 = pg_atan2d($1, $2)
random~() float8 = random()
gcd(numeric, numeric) numeric = pg_num_gcd($1, $2)
lcm!(numeric, numeric) numeric = pg_num_lcm($1, $2)
gcd!(int4, int4) int4 = CAST(gcd(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS INTEGER)
gcd!(int8, int8) int8 = pg_num_to_int8(pg_num_gcd(CAST($1 AS VARCHAR), CAST($2 AS VARCHAR)))
lcm!(int4, int4) int4 = CAST(pg_num_to_int4(pg_num_lcm(CAST($1 AS VARCHAR), CAST($2 AS VARCHAR))) AS INTEGER)
lcm!(int8, int8) int8 = CAST(pg_num_to_int8(pg_num_lcm(CAST($1 AS VARCHAR), CAST($2 AS VARCHAR))) AS BIGINT)
factorial!(int8) numeric = pg_num_factorial($1)
width_bucket!(float8, float8, float8, int4) int4 = pg_width_bucket($1, $2, $3, $4)
width_bucket!(numeric, numeric, numeric, int4) int4 = pg_num_width_bucket($1, $2, $3, $4)
width_bucket!(anyelement, anyarray) int4 = $1 $2
scale(numeric) int4 = pg_num_scale($1)
min_scale(numeric) int4 = pg_num_min_scale($1)
trim_scale(numeric) numeric = pg_num_trim($1)
isnan(float8) bool = isnan($1)

now() timestamptz = @now@
transaction_timestamp() timestamptz = @now@
statement_timestamp() timestamptz = @statement@
clock_timestamp~() timestamptz = pg_clock()
age(timestamp, timestamp) interval = pg_age($1, $2)
age(timestamptz, timestamptz) interval = pg_age(pg_to_local($1, @zone@), pg_to_local($2, @zone@))
age(timestamp) interval = pg_age(CAST(CAST(pg_to_local(@now@, @zone@) AS DATE) AS TIMESTAMP), $1)
age(timestamptz) interval = pg_age(CAST(CAST(pg_to_local(@now@, @zone@) AS DATE) AS TIMESTAMP), pg_to_local($1, @zone@))
age(xid) int4 = CAST(CASE WHEN $1 >= 3 THEN 0 WHEN $1 IS NOT NULL THEN 2147483647 END AS INTEGER)
mxid_age(xid) int4 = CAST(CASE WHEN $1 >= 1 THEN 0 WHEN $1 IS NOT NULL THEN 2147483647 END AS INTEGER)
date_bin!(interval, timestamp, timestamp) timestamp = pg_date_bin($1, $2, $3)
date_bin!(interval, timestamptz, timestamptz) timestamptz = pg_date_bin($1, $2, $3)
date(timestamp) date = CAST($1 AS DATE)
date(timestamptz) date = CAST(pg_to_local($1, @zone@) AS DATE)
make_date!(int4, int4, int4) date = pg_make_date($1, $2, $3)
make_time!(int4, int4, float8) time = pg_make_time($1, $2, $3)
make_timestamp!(int4, int4, int4, int4, int4, float8) timestamp = pg_make_timestamp($1, $2, $3, $4, $5, $6)
make_timestamptz!(int4, int4, int4, int4, int4, float8) timestamptz = pg_from_local(pg_make_timestamp($1, $2, $3, $4, $5, $6), @zone@)
make_timestamptz!(int4, int4, int4, int4, int4, float8, text) timestamptz = pg_from_local(pg_make_timestamp($1, $2, $3, $4, $5, $6), $7)
justify_days(interval) interval = pg_justify_days($1)
justify_hours(interval) interval = pg_justify_hours($1)
justify_interval(interval) interval = pg_justify_interval($1)
isfinite(timestamp) bool = isfinite($1)
isfinite(timestamptz) bool = isfinite($1)
isfinite(date) bool = isfinite($1)
isfinite(interval) bool = (CASE WHEN $1 IS NOT NULL THEN TRUE END)
timeofday~() text = pg_timestamptz_text(@now@, @zone@)
pg_sleep~(float8) text = pg_sleep($1)

jsonb_typeof(jsonb) text = pg_json_typeof($1)
json_typeof(json) text = pg_json_typeof($1)
jsonb_array_length!(jsonb) int4 = pg_json_array_length($1)
json_array_length!(json) int4 = pg_json_array_length($1)
json_strip_nulls(json) json = pg_json_strip_nulls_raw($1)
json_object!(text[]) json = pg_json_object($1)
json_object!(text[], text[]) json = pg_json_object_of($1, $2)
jsonb_object!(text[]) jsonb = pg_jsonb(pg_json_object($1))
jsonb_object!(text[], text[]) jsonb = pg_jsonb(pg_json_object_of($1, $2))
jsonb_contained(jsonb, jsonb) bool = pg_jsonb_contains($2, $1)
jsonb_exists_any(jsonb, text[]) bool = pg_jsonb_exists_any($1, $2)
jsonb_exists_all(jsonb, text[]) bool = pg_jsonb_exists_all($1, $2)
jsonb_delete!(jsonb, text) jsonb = pg_jsonb_delete($1, $2)
jsonb_delete!(jsonb, int4) jsonb = pg_jsonb_delete_index($1, $2)
jsonb_delete_path!(jsonb, text[]) jsonb = pg_jsonb_delete_path($1, $2)
jsonb_object_field(jsonb, text) jsonb = pg_json_get($1, $2)
jsonb_object_field_text(jsonb, text) text = pg_json_get_text($1, $2)
jsonb_array_element(jsonb, int4) jsonb = pg_json_index($1, $2)
jsonb_array_element_text(jsonb, int4) text = pg_json_index_text($1, $2)
json_object_field(json, text) json = pg_json_get_raw($1, $2)
json_object_field_text!(json, text) text = pg_json_get_text_raw($1, $2)
json_array_element(json, int4) json = pg_json_index_raw($1, $2)
json_array_element_text!(json, int4) text = pg_json_index_text_raw($1, $2)
jsonb_set_lax!(jsonb, text[], jsonb) jsonb = (CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN pg_jsonb_set($1, $2, coalesce($3, 'null'), TRUE) END)
jsonb_set_lax!(jsonb, text[], jsonb, bool) jsonb = (CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN pg_jsonb_set($1, $2, coalesce($3, 'null'), $4) END)
jsonb_set_lax!(jsonb, text[], jsonb, bool, text) jsonb = (CASE WHEN $1 IS NULL OR $2 IS NULL OR $4 IS NULL THEN NULL WHEN $5 IS NULL THEN error('EVG22023:null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"') WHEN $3 IS NOT NULL OR $5 = 'use_json_null' THEN pg_jsonb_set($1, $2, coalesce($3, 'null'), $4) WHEN $5 = 'delete_key' THEN pg_jsonb_delete_path($1, $2) WHEN $5 = 'return_target' THEN $1 WHEN $5 = 'raise_exception' THEN error('EVG22004:JSON value must not be null') ELSE error('EVG22023:null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"') END)
jsonb_array_elements*!(jsonb) jsonb = pg_json_elements($1)
json_array_elements*!(json) json = pg_json_elements_raw($1)
jsonb_array_elements_text*!(jsonb) text = pg_json_elements_text($1)
json_array_elements_text*!(json) text = pg_json_elements_text_raw($1)
jsonb_object_keys*!(jsonb) text = pg_json_keys_only($1)
json_object_keys*!(json) text = pg_json_keys_only_raw($1)
jsonb_extract_path(jsonb, variadic text) jsonb = pg_json_path($1, [$*]::VARCHAR[])
jsonb_extract_path_text(jsonb, variadic text) text = pg_json_path_text($1, [$*]::VARCHAR[])
json_extract_path(json, variadic text) json = pg_json_path_raw($1, [$*]::VARCHAR[])
json_extract_path_text(json, variadic text) text = pg_json_path_text_raw($1, [$*]::VARCHAR[])
jsonb_set!(jsonb, text[], jsonb) jsonb = pg_jsonb_set($1, $2, $3, TRUE)
jsonb_set!(jsonb, text[], jsonb, bool) jsonb = pg_jsonb_set($1, $2, $3, $4)
jsonb_insert!(jsonb, text[], jsonb) jsonb = pg_jsonb_insert($1, $2, $3, FALSE)
jsonb_insert!(jsonb, text[], jsonb, bool) jsonb = pg_jsonb_insert($1, $2, $3, $4)
jsonb_pretty(jsonb) text = pg_jsonb_pretty($1)
jsonb_strip_nulls(jsonb) jsonb = pg_jsonb_strip_nulls($1)
jsonb_path_query*!(jsonb, jsonpath) jsonb = pg_jsonb_path_query($1, $2, '{}', FALSE)
jsonb_path_query*!(jsonb, jsonpath, jsonb) jsonb = pg_jsonb_path_query($1, $2, $3, FALSE)
jsonb_path_query*!(jsonb, jsonpath, jsonb, bool) jsonb = pg_jsonb_path_query($1, $2, $3, $4)
jsonb_path_query_array!(jsonb, jsonpath) jsonb = ('[' || array_to_string(pg_jsonb_path_query($1, $2, '{}', FALSE), ', ') || ']')
jsonb_path_query_array!(jsonb, jsonpath, jsonb) jsonb = ('[' || array_to_string(pg_jsonb_path_query($1, $2, $3, FALSE), ', ') || ']')
jsonb_path_query_first!(jsonb, jsonpath) jsonb = list_extract(pg_jsonb_path_query($1, $2, '{}', FALSE), 1)
jsonb_path_query_first!(jsonb, jsonpath, jsonb) jsonb = list_extract(pg_jsonb_path_query($1, $2, $3, FALSE), 1)
jsonb_path_exists!(jsonb, jsonpath) bool = pg_jsonb_path_exists($1, $2, '{}', FALSE)
jsonb_path_exists!(jsonb, jsonpath, jsonb) bool = pg_jsonb_path_exists($1, $2, $3, FALSE)
jsonb_path_exists!(jsonb, jsonpath, jsonb, bool) bool = pg_jsonb_path_exists($1, $2, $3, $4)
jsonb_path_match!(jsonb, jsonpath) bool = pg_jsonb_path_match($1, $2, '{}', FALSE)
jsonb_path_match!(jsonb, jsonpath, jsonb) bool = pg_jsonb_path_match($1, $2, $3, FALSE)
jsonb_concat(jsonb, jsonb) jsonb = pg_jsonb_concat($1, $2)
jsonb_contains(jsonb, jsonb) bool = pg_jsonb_contains($1, $2)
jsonb_exists(jsonb, text) bool = pg_jsonb_exists($1, $2)

array_length(anyarray, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN CAST(len($1) AS INTEGER) END)
array_upper(int2vector, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN CAST(len($1) - 1 AS INTEGER) END)
array_upper(oidvector, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN CAST(len($1) - 1 AS INTEGER) END)
array_upper(anyarray, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN CAST(len($1) AS INTEGER) END)
array_lower(int2vector, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN 0 END)
array_lower(oidvector, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN 0 END)
array_lower(anyarray, int4) int4 = (CASE WHEN $2 = 1 AND len($1) > 0 THEN 1 END)
array_ndims(anyarray) int4 = (CASE WHEN len($1) > 0 THEN 1 END)
array_dims(anyarray) text = (CASE WHEN len($1) > 0 THEN '[1:' || len($1) || ']' END)
cardinality(anyarray) int4 = CAST(len($1) AS INTEGER)
array_append(anyarray, anyelement) anyarray = list_append(coalesce($1, []), $2)
array_prepend(anyelement, anyarray) anyarray = list_prepend($1, coalesce($2, []))
array_cat(anyarray, anyarray) anyarray = (CASE WHEN $1 IS NULL THEN $2 WHEN $2 IS NULL THEN $1 ELSE list_concat($1, $2) END)
array_remove(anyarray, anyelement) anyarray = $1 $2
array_replace(anyarray, anyelement, anyelement) anyarray = $1 $2 $3
array_positions(anyarray, anyelement) int4[] = $1 $2
unnest*(anyarray) anyelement = $1
generate_subscripts*(int2vector, int4) int4 = CAST(range(0, CASE WHEN $2 = 1 THEN len($1) ELSE 0 END) AS INTEGER[])
generate_subscripts*(oidvector, int4) int4 = CAST(range(0, CASE WHEN $2 = 1 THEN len($1) ELSE 0 END) AS INTEGER[])
generate_subscripts*(anyarray, int4, bool) int4 = CAST(CASE WHEN $3 THEN list_reverse(range(1, CASE WHEN $2 = 1 THEN len($1) + 1 ELSE 1 END)) WHEN NOT $3 THEN range(1, CASE WHEN $2 = 1 THEN len($1) + 1 ELSE 1 END) END AS INTEGER[])
generate_subscripts*(anyarray, int4) int4 = CAST(range(1, CASE WHEN $2 = 1 THEN len($1) + 1 ELSE 1 END) AS INTEGER[])
trim_array!(anyarray, int4) anyarray = list_slice($1, 1, len($1) - pg_trim_count($2, len($1)))

gen_random_uuid~() uuid = gen_random_uuid()
stream_id(text) uuid = pg_stream_id($1)
version() text = @version@
current_database() name = @database@
current_schema() name = list_extract(pg_schemas(FALSE, @path@), 1)
current_schemas(bool) name[] = pg_schemas($1, @path@)
pg_backend_pid() int4 = CAST(@pid@ AS INTEGER)
pg_postmaster_start_time() timestamptz = pg_started()
pg_conf_load_time() timestamptz = @loaded@
pg_is_in_recovery() bool = pg_current_setting(@settings@, 'in_hot_standby', FALSE) = 'on'
pg_is_wal_replay_paused() bool = FALSE
pg_my_temp_schema() oid = CAST(0 AS BIGINT)
pg_is_other_temp_schema(oid) bool = FALSE
pg_client_encoding() name = pg_encoding_name(pg_encoding_number(pg_current_setting(@settings@, 'client_encoding', FALSE)))
getdatabaseencoding() name = 'UTF8'
pg_encoding_to_char(int4) name = pg_encoding_name($1)
pg_encoding_max_length(int4) int4 = CAST(list_extract([1,3,3,3,4,3,4,4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,2,2,2,4,3,2], CASE WHEN $1 >= 0 THEN $1 + 1 END) AS INTEGER)
pg_char_to_encoding(name) int4 = pg_encoding_number($1)
inet_server_addr() text = CAST(NULL AS VARCHAR)
inet_client_addr() text = CAST(NULL AS VARCHAR)
inet_server_port() int4 = CAST(NULL AS INTEGER)
inet_client_port() int4 = CAST(NULL AS INTEGER)
current_setting!(text) text = pg_current_setting(@settings@, $1, FALSE)
current_setting!(text, bool) text = pg_current_setting(@settings@, $1, $2)
pg_current_xact_id() xid8 = CAST(@xact@ AS UBIGINT)
pg_current_xact_id_if_assigned() xid8 = CAST(@assigned@ AS UBIGINT)
txid_current() int8 = CAST(@xact@ AS BIGINT)
txid_current_if_assigned() int8 = CAST(@assigned@ AS BIGINT)
pg_current_snapshot() pg_snapshot = concat(@position@ + 3, ':', @position@ + 3, ':')
txid_current_snapshot() txid_snapshot = concat(@position@ + 3, ':', @position@ + 3, ':')
pg_snapshot_xmin(pg_snapshot) xid8 = pg_snapshot_low($1)
pg_snapshot_xmax(pg_snapshot) xid8 = pg_snapshot_high($1)
pg_snapshot_xip*(pg_snapshot) xid8 = pg_snapshot_running($1)
pg_visible_in_snapshot(xid8, pg_snapshot) bool = pg_snapshot_sees($2, $1)
pg_xact_status!(xid8) text = pg_xid_status($1, CAST(@next@ + 3 AS UBIGINT), CAST(coalesce(@assigned@, 0) AS UBIGINT))
txid_snapshot_xmin(txid_snapshot) int8 = CAST(pg_snapshot_low($1) AS BIGINT)
txid_snapshot_xmax(txid_snapshot) int8 = CAST(pg_snapshot_high($1) AS BIGINT)
txid_snapshot_xip*(txid_snapshot) int8 = CAST(pg_snapshot_running($1) AS BIGINT[])
txid_visible_in_snapshot(int8, txid_snapshot) bool = pg_snapshot_sees($2, pg_bits_unsigned($1))
txid_status!(int8) text = pg_xid_status(pg_bits_unsigned($1), CAST(@next@ + 3 AS UBIGINT), CAST(coalesce(@assigned@, 0) AS UBIGINT))
xid8cmp(xid8, xid8) int4 = (CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 WHEN $1 = $2 THEN 0 END)
xid8_larger(xid8, xid8) xid8 = (CASE WHEN $1 > $2 THEN $1 ELSE $2 END)
xid8_smaller(xid8, xid8) xid8 = (CASE WHEN $1 < $2 THEN $1 ELSE $2 END)
pg_lsn_cmp(pg_lsn, pg_lsn) int4 = (CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 WHEN $1 = $2 THEN 0 END)
pg_lsn_larger(pg_lsn, pg_lsn) pg_lsn = (CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN greatest($1, $2) END)
pg_lsn_smaller(pg_lsn, pg_lsn) pg_lsn = (CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN least($1, $2) END)
pg_lsn_hash(pg_lsn) int4 = pg_hash_half(pg_hash_int8(pg_unsigned_bits($1), 0))
pg_lsn_hash_extended(pg_lsn, int8) int8 = pg_hash_int8(pg_unsigned_bits($1), $2)
pg_lsn!(numeric) pg_lsn = pg_lsn_of($1)
pg_wal_lsn_diff(pg_lsn, pg_lsn) numeric = pg_lsn_diff($1, $2)
pg_current_wal_lsn() pg_lsn = CAST(16777216 + @next@ AS UBIGINT)
pg_current_wal_insert_lsn() pg_lsn = CAST(16777216 + @next@ AS UBIGINT)
pg_current_wal_flush_lsn() pg_lsn = CAST(16777216 + @next@ AS UBIGINT)
pg_notification_queue_usage() float8 = CAST(@queue@ AS DOUBLE)
pg_get_userbyid(oid) name = pg_user_by_id($1, @user@)
pg_table_is_visible(oid) bool = pg_visible($1, 'pg_class', @path@)
pg_type_is_visible(oid) bool = pg_visible($1, 'pg_type', @path@)
pg_function_is_visible(oid) bool = pg_visible($1, 'pg_proc', @path@)
pg_operator_is_visible(oid) bool = pg_visible($1, 'pg_operator', @path@)
pg_opclass_is_visible(oid) bool = pg_visible($1, 'pg_opclass', @path@)
pg_opfamily_is_visible(oid) bool = pg_visible($1, 'pg_opfamily', @path@)
pg_collation_is_visible(oid) bool = pg_visible($1, 'pg_collation', @path@)
pg_conversion_is_visible(oid) bool = pg_visible($1, 'pg_conversion', @path@)
pg_statistics_obj_is_visible(oid) bool = pg_visible($1, 'pg_statistic_ext', @path@)
pg_ts_config_is_visible(oid) bool = pg_visible($1, 'pg_ts_config', @path@)
pg_ts_dict_is_visible(oid) bool = pg_visible($1, 'pg_ts_dict', @path@)
pg_ts_parser_is_visible(oid) bool = pg_visible($1, 'pg_ts_parser', @path@)
pg_ts_template_is_visible(oid) bool = pg_visible($1, 'pg_ts_template', @path@)
format_type(oid, int4) text = pg_format_type($1, $2)
pg_get_viewdef(oid) text = pg_definition('view', $1, @path@)
pg_get_viewdef(oid, bool) text = pg_definition('view', $1, @path@)
pg_get_viewdef(text) text = pg_definition('view', pg_reg_in($1, '2205', @path@), @path@)
pg_get_viewdef(text, bool) text = pg_definition('view', pg_reg_in($1, '2205', @path@), @path@)
pg_get_constraintdef(oid) text = pg_definition('constraint', $1, @path@)
pg_get_constraintdef(oid, bool) text = pg_definition('constraint', $1, @path@)
pg_get_indexdef(oid) text = pg_index_definition($1, 0, FALSE)
pg_get_indexdef(oid, int4, bool) text = pg_index_definition($1, $2, $3)
pg_get_functiondef(oid) text = pg_definition('function', $1, @path@)
pg_get_function_arguments(oid) text = pg_definition('arguments', $1, @path@)
pg_get_function_identity_arguments(oid) text = pg_definition('identity', $1, @path@)
pg_get_function_result(oid) text = pg_definition('result', $1, @path@)
pg_get_function_sqlbody(oid) text = CAST(NULL AS VARCHAR)
pg_get_function_arg_default(oid, int4) text = CAST(NULL AS VARCHAR)
pg_get_triggerdef(oid) text = CAST(NULL AS VARCHAR)
pg_get_triggerdef(oid, bool) text = CAST(NULL AS VARCHAR)
pg_get_ruledef(oid) text = CAST(NULL AS VARCHAR)
pg_get_ruledef(oid, bool) text = CAST(NULL AS VARCHAR)
pg_get_partkeydef(oid) text = CAST(NULL AS VARCHAR)
pg_get_partition_constraintdef(oid) text = CAST(NULL AS VARCHAR)
pg_get_statisticsobjdef(oid) text = CAST(NULL AS VARCHAR)
pg_get_statisticsobjdef_columns(oid) text = CAST(NULL AS VARCHAR)
pg_get_serial_sequence(text, text) text = CAST(NULL AS VARCHAR)
pg_get_replica_identity_index(regclass) regclass = CAST(CASE WHEN $1 = 16385 THEN 16400 END AS BIGINT)
pg_index_column_has_property(regclass, int4, text) bool = (CASE WHEN $1 = 16405 THEN pg_index_property($3) AND FALSE ELSE pg_index_property($3) END)
pg_index_has_property(regclass, text) bool = ($2 <> 'clusterable' AND $2 <> 'backward_scan' OR TRUE)
pg_indexam_has_property(oid, text) bool = (CASE WHEN lower($2) NOT IN ('can_order', 'can_unique', 'can_multi_col', 'can_exclude', 'can_include') THEN NULL WHEN $1 = 403 THEN TRUE WHEN $1 = 405 THEN lower($2) = 'can_exclude' WHEN $1 = 783 THEN lower($2) IN ('can_multi_col', 'can_exclude', 'can_include') WHEN $1 IN (2742, 3580) THEN lower($2) = 'can_multi_col' WHEN $1 = 4000 THEN lower($2) IN ('can_exclude', 'can_include') END)
pg_relation_is_publishable(regclass) bool = TRUE
pg_relation_is_updatable(regclass, bool) int4 = (CASE WHEN $1 = 16385 THEN 8 ELSE 0 END)
pg_column_is_updatable(regclass, int2, bool) bool = FALSE
pg_partition_root(regclass) regclass = CAST(NULL AS BIGINT)
obj_description(oid, name) text = pg_description($1, $2)
obj_description(oid) text = pg_description($1, '')
col_description(oid, int4) text = pg_column_description($1, $2)
shobj_description(oid, name) text = pg_shared_description($1, $2)
to_regclass(text) regclass = pg_to_reg($1, '2205', @path@)
to_regtype(text) regtype = pg_to_reg($1, '2206', @path@)
to_regnamespace(text) regnamespace = pg_to_reg($1, '4089', @path@)
to_regproc(text) regproc = pg_to_reg($1, '24', @path@)
to_regprocedure(text) regprocedure = pg_to_reg($1, '2202', @path@)
to_regrole(text) regrole = pg_to_reg($1, '4096', @path@)
pg_relation_size(regclass) int8 = pg_size(nullif($1, 0))
pg_relation_size(regclass, text) int8 = pg_size(nullif($1, 0))
pg_table_size(regclass) int8 = pg_size(nullif($1, 0))
pg_total_relation_size(regclass) int8 = pg_size(nullif($1, 0))
pg_indexes_size(regclass) int8 = CAST(0 AS BIGINT)
pg_database_size(name) int8 = (CASE WHEN $1 NOT IN ('template0', 'template1') THEN pg_size(0) WHEN $1 IS NOT NULL THEN 0 END)
pg_database_size(oid) int8 = (CASE WHEN $1 NOT IN (1, 4) THEN pg_size(0) WHEN $1 IS NOT NULL THEN 0 END)
pg_tablespace_size(name) int8 = pg_size(0)
pg_tablespace_size(oid) int8 = pg_size(0)
pg_tablespace_location(oid) text = (CASE WHEN $1 IS NOT NULL THEN '' END)
pg_relation_filenode(regclass) oid = CAST($1 AS BIGINT)
pg_size_pretty(int8) text = pg_pretty_size_int8($1)
pg_size_pretty!(numeric) text = pg_pretty_size($1)
has_table_privilege!(text, text) bool = pg_may_table(pg_user_role(@user@), pg_reg_in($1, '2205', @path@), $2)
has_table_privilege!(oid, text) bool = pg_may_table(pg_user_role(@user@), $1, $2)
has_table_privilege!(name, text, text) bool = pg_may_table(pg_role_or_public($1, @user@), pg_reg_in($2, '2205', @path@), $3)
has_table_privilege!(name, oid, text) bool = pg_may_table(pg_role_or_public($1, @user@), $2, $3)
has_table_privilege!(oid, oid, text) bool = pg_may_table(pg_role_oid($1), $2, $3)
has_table_privilege!(oid, text, text) bool = pg_may_table(pg_role_oid($1), pg_reg_in($2, '2205', @path@), $3)
has_any_column_privilege!(oid, text) bool = pg_may_column(pg_user_role(@user@), $1, $2)
has_any_column_privilege!(text, text) bool = pg_may_column(pg_user_role(@user@), pg_reg_in($1, '2205', @path@), $2)
has_any_column_privilege!(name, oid, text) bool = pg_may_column(pg_role_or_public($1, @user@), $2, $3)
has_any_column_privilege!(name, text, text) bool = pg_may_column(pg_role_or_public($1, @user@), pg_reg_in($2, '2205', @path@), $3)
has_any_column_privilege!(oid, oid, text) bool = pg_may_column(pg_role_oid($1), $2, $3)
has_any_column_privilege!(oid, text, text) bool = pg_may_column(pg_role_oid($1), pg_reg_in($2, '2205', @path@), $3)
has_column_privilege!(oid, text, text) bool = pg_may_column(pg_user_role(@user@), $1, $3)
has_column_privilege!(oid, int2, text) bool = pg_may_column(pg_user_role(@user@), $1, $3)
has_column_privilege!(text, text, text) bool = pg_may_column(pg_user_role(@user@), pg_reg_in($1, '2205', @path@), $3)
has_column_privilege!(name, oid, int2, text) bool = pg_may_column(pg_role_or_public($1, @user@), $2, $4)
has_column_privilege!(name, oid, text, text) bool = pg_may_column(pg_role_or_public($1, @user@), $2, $4)
has_column_privilege!(name, text, text, text) bool = pg_may_column(pg_role_or_public($1, @user@), pg_reg_in($2, '2205', @path@), $4)
has_column_privilege!(oid, text, text, text) bool = pg_may_column(pg_role_oid($1), pg_reg_in($2, '2205', @path@), $4)
has_column_privilege!(text, int2, text) bool = pg_may_column(pg_user_role(@user@), pg_reg_in($1, '2205', @path@), $3)
has_column_privilege!(name, text, int2, text) bool = pg_may_column(pg_role_or_public($1, @user@), pg_reg_in($2, '2205', @path@), $4)
has_column_privilege!(oid, text, int2, text) bool = pg_may_column(pg_role_oid($1), pg_reg_in($2, '2205', @path@), $4)
has_column_privilege!(oid, oid, text, text) bool = pg_may_column(pg_role_oid($1), $2, $4)
has_column_privilege!(oid, oid, int2, text) bool = pg_may_column(pg_role_oid($1), $2, $4)
has_schema_privilege!(text, text) bool = pg_may_schema(pg_user_role(@user@), $1, $2)
has_schema_privilege!(oid, text) bool = pg_may_schema(pg_user_role(@user@), pg_namespace_name($1), $2)
has_schema_privilege!(name, oid, text) bool = pg_may_schema(pg_role_or_public($1, @user@), pg_namespace_name($2), $3)
has_schema_privilege!(name, text, text) bool = pg_may_schema(pg_role_or_public($1, @user@), $2, $3)
has_schema_privilege!(oid, oid, text) bool = pg_may_schema(pg_role_oid($1), pg_namespace_name($2), $3)
has_schema_privilege!(oid, text, text) bool = pg_may_schema(pg_role_oid($1), $2, $3)
has_database_privilege!(text, text) bool = pg_may_database(pg_user_role(@user@), $2)
has_database_privilege!(oid, text) bool = pg_may_database(pg_user_role(@user@), $2)
has_database_privilege!(name, text, text) bool = pg_may_database(pg_role_or_public($1, @user@), $3)
has_database_privilege!(name, oid, text) bool = pg_may_database(pg_role_or_public($1, @user@), $3)
has_database_privilege!(oid, oid, text) bool = pg_may_database(pg_role_oid($1), $3)
has_database_privilege!(oid, text, text) bool = pg_may_database(pg_role_oid($1), $3)
has_function_privilege!(oid, text) bool = pg_may_function(pg_user_role(@user@), $1, $2)
has_function_privilege!(text, text) bool = pg_may_function(pg_user_role(@user@), pg_reg_in($1, '2202', @path@), $2)
has_function_privilege!(name, oid, text) bool = pg_may_function(pg_role_or_public($1, @user@), $2, $3)
has_function_privilege!(name, text, text) bool = pg_may_function(pg_role_or_public($1, @user@), pg_reg_in($2, '2202', @path@), $3)
has_function_privilege!(oid, oid, text) bool = pg_may_function(pg_role_oid($1), $2, $3)
has_function_privilege!(oid, text, text) bool = pg_may_function(pg_role_oid($1), pg_reg_in($2, '2202', @path@), $3)
has_type_privilege(oid, text) bool = TRUE
has_type_privilege(text, text) bool = TRUE
has_type_privilege(name, oid, text) bool = TRUE
has_type_privilege(name, text, text) bool = TRUE
has_type_privilege(oid, oid, text) bool = TRUE
has_type_privilege(oid, text, text) bool = TRUE
has_language_privilege(oid, text) bool = TRUE
has_language_privilege(text, text) bool = TRUE
has_language_privilege(name, oid, text) bool = TRUE
has_language_privilege(name, text, text) bool = TRUE
has_language_privilege(oid, oid, text) bool = TRUE
has_language_privilege(oid, text, text) bool = TRUE
has_sequence_privilege(oid, text) bool = TRUE
has_sequence_privilege(text, text) bool = TRUE
has_sequence_privilege(name, oid, text) bool = TRUE
has_sequence_privilege(name, text, text) bool = TRUE
has_sequence_privilege(oid, oid, text) bool = TRUE
has_sequence_privilege(oid, text, text) bool = TRUE
has_tablespace_privilege(oid, text) bool = TRUE
has_tablespace_privilege(text, text) bool = TRUE
has_tablespace_privilege(name, oid, text) bool = TRUE
has_tablespace_privilege(name, text, text) bool = TRUE
has_tablespace_privilege(oid, oid, text) bool = TRUE
has_tablespace_privilege(oid, text, text) bool = TRUE
has_server_privilege(oid, text) bool = FALSE
has_server_privilege(text, text) bool = FALSE
has_server_privilege(name, oid, text) bool = FALSE
has_server_privilege(name, text, text) bool = FALSE
has_server_privilege(oid, oid, text) bool = FALSE
has_server_privilege(oid, text, text) bool = FALSE
has_foreign_data_wrapper_privilege(oid, text) bool = FALSE
has_foreign_data_wrapper_privilege(text, text) bool = FALSE
has_foreign_data_wrapper_privilege(name, oid, text) bool = FALSE
has_foreign_data_wrapper_privilege(name, text, text) bool = FALSE
has_foreign_data_wrapper_privilege(oid, oid, text) bool = FALSE
has_foreign_data_wrapper_privilege(oid, text, text) bool = FALSE
has_parameter_privilege(text, text) bool = TRUE
pg_has_role!(name, text) bool = pg_may_role(pg_user_role(@user@), pg_role_named($1, @user@), $2)
pg_has_role!(oid, text) bool = pg_may_role(pg_user_role(@user@), $1, $2)
pg_has_role!(name, name, text) bool = pg_may_role(pg_role_named($1, @user@), pg_role_named($2, @user@), $3)
pg_has_role!(name, oid, text) bool = pg_may_role(pg_role_named($1, @user@), $2, $3)
pg_has_role!(oid, name, text) bool = pg_may_role($1, pg_role_named($2, @user@), $3)
pg_has_role!(oid, oid, text) bool = pg_may_role($1, $2, $3)
host(inet) text = split_part($1, '/', 1)
lastval!() int8 = pg_lastval()
row_security_active(oid) bool = ($1 = 16385 AND @secured@)
row_security_active(text) bool = (pg_reg_in($1, '2205', @path@) = 16385 AND @secured@)
pg_stat_get_numscans(oid) int8 = CAST(0 AS BIGINT)
pg_jit_available() bool = FALSE
pg_sequence_last_value(regclass) int8 = CAST(NULL AS BIGINT)
pg_listening_channels*() text = @channels@
pg_blocking_pids(int4) int4[] = CAST([] AS INTEGER[])
pg_identify_object(oid, oid, int4) text = CAST(NULL AS VARCHAR)
pg_describe_object(oid, oid, int4) text = pg_describe($1, $2, $3)
pg_stat_get_last_vacuum_time(oid) timestamptz = CAST(NULL AS TIMESTAMP)
pg_stat_get_last_autovacuum_time(oid) timestamptz = CAST(NULL AS TIMESTAMP)
pg_stat_get_last_analyze_time(oid) timestamptz = CAST(NULL AS TIMESTAMP)
pg_stat_get_last_autoanalyze_time(oid) timestamptz = CAST(NULL AS TIMESTAMP)
pg_last_wal_replay_lsn() pg_lsn = CAST(NULL AS UBIGINT)
pg_last_wal_receive_lsn() pg_lsn = CAST(NULL AS UBIGINT)
pg_last_xact_replay_timestamp() timestamptz = CAST(NULL AS TIMESTAMP)
_pg_truetypid(oid) oid = $1
array_in(text) text = $1
oidvectortypes(oidvector) text = array_to_string(list_transform($1, lambda y: pg_format_type(y, CAST(NULL AS INTEGER))), ', ')
pg_partition_ancestors*(regclass) regclass = CAST([] AS BIGINT[])
acldefault!(char, oid) aclitem[] = pg_acl_default($1, $2, @user@)
parse_ident!(text) text[] = pg_parse_ident($1, TRUE)
parse_ident!(text, bool) text[] = pg_parse_ident($1, $2)
`

// knownFunctions are PostgreSQL's that have no translation: not supported, rather than
// unknown.
var knownFunctions = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`dblink lo_import lo_export pg_read_file pg_ls_dir pg_read_binary_file pg_stat_file
		json_populate_record jsonb_populate_record json_populate_recordset jsonb_populate_recordset jsonb_path_query_tz
		to_tsvector to_tsquery plainto_tsquery ts_rank ts_headline xmlparse xpath query_to_xml table_to_xml
		nextval currval setval normalize is_normalized
		jsonb_each jsonb_each_text json_each json_each_text jsonb_to_record jsonb_to_recordset json_to_record json_to_recordset setseed int4range int8range numrange tsrange tstzrange daterange array_sample array_shuffle isempty lower_inc upper_inc
		hostmask netmask network broadcast family masklen set_masklen text abbrev area center diameter height`) {
		m[n] = true
	}
	for n := range refused {
		m[n] = true
	}
	for n := range analytics.Calls {
		m[n] = true
	}
	return m
}()

// functions maps a name to its forms.
var functions = parseFunctions(functionList)

func parseFunctions(list string) map[string][]*function {
	m := map[string][]*function{}
	for _, line := range strings.Split(list, "\n") {
		if line == "" {
			continue
		}
		head, sql, _ := strings.Cut(line, " = ")
		open, close := strings.IndexByte(head, '('), strings.LastIndexByte(head, ')')
		name := strings.TrimRight(head[:open], "!~*#")
		flags := head[len(name):open]
		f := &function{
			sql: sql, result: parseType(strings.TrimSpace(head[close+1:])), fallible: strings.Contains(flags, "!"),
			volatile: strings.Contains(flags, "~"), set: strings.Contains(flags, "*"), plain: strings.Contains(flags, "#"),
		}
		for _, a := range strings.Split(head[open+1:close], ",") {
			a = strings.TrimSpace(a)
			if a == "" {
				continue
			}
			if rest, ok := strings.CutPrefix(a, "variadic "); ok {
				f.variadic, a = true, rest
			}
			f.args = append(f.args, parseType(a))
		}
		for _, other := range m[name] {
			if other.plain && slices.Equal(other.args, f.args) {
				other.texts = f
			}
		}
		m[name] = append(m[name], f)
	}
	return m
}

func parseType(s string) uint32 {
	switch s {
	case "any":
		return oidAny
	case "inet": // a column may be one, and no query can make one
		return oidInet
	case "anyelement":
		return oidAnyElement
	case "anyarray":
		return oidAnyArray
	}
	if e, ok := strings.CutSuffix(s, "[]"); ok {
		return arrays[typeNames[e]]
	}
	oid := typeNames[s]
	if oid == 0 {
		panic("no type " + s)
	}
	if oid == pgvalue.OIDUnknown {
		panic("unknown")
	}
	return oid
}
