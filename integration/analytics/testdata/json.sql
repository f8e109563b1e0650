-- JSON operators and functions. Whatever they yield is PostgreSQL's normalised text.

-- case: arrow
SELECT payload->'customer' AS a, payload->>'customer' AS b, payload->'total' AS c, payload->>'total' AS d, payload->'nope' AS e FROM events WHERE stream LIKE 'order-%' ORDER BY position;

-- case: arrow on an array
SELECT payload->0 AS first, payload->-1 AS last, payload->>1 AS second, payload->99 AS none FROM events WHERE stream = 'edge-array' ORDER BY version;

-- case: arrow on scalars
SELECT payload->'a' AS k, payload->0 AS i, payload->>'a' AS t FROM events WHERE stream = 'edge-scalar' ORDER BY version;

-- case: nested arrows
SELECT payload->'a'->'b'->'c'->'d'->1->>'e' AS e, payload->'items'->0->>'sku' AS sku FROM events WHERE stream = 'edge-nested' ORDER BY version;

-- case: paths
SELECT payload#>'{a,b,c,d,0}' AS a, payload#>>'{a,b,c,d,1,e}' AS b, payload#>'{items,1}' AS c, payload#>>'{items,-1,sku}' AS d, payload#>>'{}' IS NULL AS e FROM events WHERE stream = 'edge-nested' ORDER BY version;

-- case: path as an array
SELECT payload#>>ARRAY['items', '0', 'price'] AS p, jsonb_extract_path(payload, 'items', '0') AS e, jsonb_extract_path_text(payload, 'items', '0', 'sku') AS t FROM events WHERE type = 'Objects';

-- case: numbers as text
SELECT type, payload->>'n' AS n, payload->'n' AS j FROM events WHERE stream = 'edge-number' ORDER BY version;

-- case: numbers as numeric
SELECT type, (payload->>'n')::numeric AS n FROM events WHERE stream = 'edge-number' AND type <> 'NotANumber' ORDER BY version;

-- case: numbers compared as jsonb
SELECT type FROM events WHERE stream = 'edge-number' AND payload->'n' > '1' ORDER BY version;

-- case: jsonb to numbers
SELECT type, (payload->'n')::numeric AS n, (payload->'n')::float8 AS f FROM events WHERE stream = 'edge-number' AND jsonb_typeof(payload->'n') = 'number' ORDER BY version;

-- case: jsonb to integers rounds
SELECT ('2.5'::jsonb)::int AS a, ('3.5'::jsonb)::bigint AS b, ('true'::jsonb)::boolean AS c;

-- case: jsonb string to int
-- error: 22023
SELECT ('"7"'::jsonb)::int;

-- case: keys that repeat or are out of order
SELECT type, payload->'k' AS k, payload || '{}' AS normal FROM events WHERE stream = 'edge-key' ORDER BY version;

-- case: odd keys
SELECT payload->'it''s' AS a, payload->>'with space' AS b, payload->'a.b' AS c, payload->'0' AS d, payload->'é' AS e FROM events WHERE type = 'Odd';

-- case: empty key
SELECT payload->'' AS a, payload->>'' AS b, payload->>'empty' AS c FROM events WHERE type = 'EmptyKey';

-- case: unicode and escapes
SELECT type, payload->>'t' AS t, payload->'t' AS j, length(payload->>'t') AS n FROM events WHERE stream = 'edge-text' ORDER BY version;

-- case: json null is not null
SELECT type, payload IS NULL AS sql_null, payload->'a' IS NULL AS a_null, payload->>'a' IS NULL AS at_null, jsonb_typeof(payload->'a') AS t FROM events WHERE stream = 'edge-null' ORDER BY version;

-- case: typeof
SELECT stream, version, jsonb_typeof(payload) AS t FROM events WHERE stream LIKE 'edge-%' ORDER BY position;

-- case: contains
SELECT type FROM events WHERE payload @> '{"customer": "ann"}' AND payload @> '{"paid": true}' ORDER BY position;

-- case: contained in
SELECT '{"a": 1}'::jsonb <@ '{"a": 1, "b": 2}' AS a, '[1]'::jsonb <@ '[1, 2]' AS b, '{"a": {"b": 1}}'::jsonb @> '{"a": {}}' AS c, '[1, [2]]'::jsonb @> '[[2]]' AS d, '["a"]'::jsonb @> '"a"' AS e, '"a"'::jsonb @> '["a"]' AS f;

-- case: contains a number of another scale
SELECT '{"n": 1.0}'::jsonb @> '{"n": 1}' AS a, '1.00'::jsonb = '1' AS b, '{"a": 1, "b": 2}'::jsonb = '{"b": 2, "a": 1}' AS c;

-- case: has key
SELECT count(*) FILTER (WHERE payload ? 'method') AS a, count(*) FILTER (WHERE payload ?| '{method,reason}') AS b, count(*) FILTER (WHERE payload ?& '{customer,total}') AS c FROM events;

-- case: has key in arrays and scalars
SELECT '["a", "b"]'::jsonb ? 'b' AS a, '"a"'::jsonb ? 'a' AS b, '[1]'::jsonb ? '1' AS c, '{"a": null}'::jsonb ? 'a' AS d;

-- case: concatenation
SELECT '{"a": 1}'::jsonb || '{"b": 2, "a": 3}' AS a, '[1]'::jsonb || '[2]' AS b, '[1]'::jsonb || '{"a": 1}' AS c, '1'::jsonb || '2' AS d, '{"a": 1}'::jsonb || NULL AS e;

-- case: deletion
SELECT '{"a": 1, "b": 2}'::jsonb - 'a' AS a, '{"a": 1, "b": 2}'::jsonb - '{a,b}'::text[] AS b, '["a", "b", "c"]'::jsonb - 1 AS c, '["a", "b"]'::jsonb - -1 AS d, '{"a": {"b": 1, "c": 2}}'::jsonb #- '{a,b}' AS e, '[1, [2, 3]]'::jsonb #- '{1,0}' AS f;

-- case: deletion on payload
SELECT payload - 'deadline' - 'department' - 'instance' AS less FROM events WHERE stream = 'permit-891' ORDER BY version LIMIT 2;

-- case: precedence, AND and arrow
SELECT version FROM events WHERE stream = 'order-1' AND payload->>'customer' = 'ann' AND payload->'paid' = 'true' ORDER BY version;

-- case: precedence, OR and arrow
SELECT stream, version FROM events WHERE payload->>'method' = 'cash' OR payload->>'currency' = 'USD' AND version = 0 ORDER BY position;

-- case: precedence, NOT and key
SELECT type FROM events WHERE stream LIKE 'order-%' AND NOT payload ? 'method' AND NOT payload->>'customer' = 'ann' ORDER BY position;

-- case: precedence, arrow and concatenation
SELECT payload->>'customer' || '/' || type AS a, 'x' || (payload->>'customer') AS b FROM events WHERE stream = 'order-2' ORDER BY version;

-- case: precedence, arrow in arithmetic
SELECT (payload->>'items')::int * 2 + 1 AS a, (payload->>'total')::numeric / (payload->>'items')::int AS b FROM events WHERE type = 'OrderPlaced' AND payload->>'items' <> '0' ORDER BY position;

-- case: precedence, arrow and IN, LIKE, BETWEEN, IS NULL
SELECT version, payload->>'customer' IN ('ann', 'bob') AS i, payload->>'customer' LIKE 'a%' AS l, payload->>'customer' BETWEEN 'a' AND 'b' AS b, payload->>'method' IS NULL AS n FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: precedence, contains and comparison
SELECT payload @> '{"paid": true}' = true AS a, payload->'items' IS NOT DISTINCT FROM '3' AS b FROM events WHERE stream = 'order-1' ORDER BY version;

-- case: precedence, unary not over contains
SELECT count(*) FROM events WHERE NOT payload @> '{"channel": "Internet"}' AND payload ? 'channel';

-- case: arrow with a column as key
SELECT k, payload->k AS v FROM events, (VALUES ('customer'), ('total'), ('none')) t(k) WHERE stream = 'order-2' AND version = 0 ORDER BY k;

-- case: arrow with an expression as index
SELECT i, payload->(i - 1) AS v FROM events, generate_series(1, 3) AS i WHERE type = 'Numbers' ORDER BY i;

-- case: each
SELECT key, value FROM events, jsonb_each(payload) WHERE stream = 'order-1' AND version = 0 ORDER BY key;

-- case: each in the order of keys
SELECT key, value FROM jsonb_each('{"bbb": 1, "a": 2, "cc": 3}');

-- case: each_text
SELECT e.key, e.value FROM events, jsonb_each_text(payload) AS e WHERE stream = 'order-2' ORDER BY version, e.key;

-- case: object_keys
SELECT DISTINCT k FROM events, jsonb_object_keys(payload) AS k WHERE stream LIKE 'permit-%' ORDER BY k;

-- case: object_keys of a scalar
-- error: 22023
SELECT jsonb_object_keys('1');

-- case: key statistics
SELECT k, count(*) AS n, count(DISTINCT type) AS types FROM events CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(payload) = 'object' THEN payload ELSE '{}' END) AS k GROUP BY k ORDER BY n DESC, k;

-- case: array_elements
SELECT value FROM events, jsonb_array_elements(payload) WHERE type = 'Mixed';

-- case: array_elements_text
SELECT x, x IS NULL AS n FROM events, jsonb_array_elements_text(payload) AS x WHERE type = 'Mixed';

-- case: array_elements with ordinality
SELECT i.ord, i.item->>'sku' AS sku, (i.item->>'qty')::int * (i.item->>'price')::numeric AS amount FROM events, jsonb_array_elements(payload->'items') WITH ORDINALITY AS i(item, ord) WHERE type = 'Objects' ORDER BY i.ord;

-- case: array_elements of an object
-- error: 22023
SELECT jsonb_array_elements('{"a": 1}');

-- case: array_length
SELECT type, jsonb_array_length(payload) AS n FROM events WHERE stream = 'edge-array' ORDER BY version;

-- case: array_length of a scalar
-- error: 22023
SELECT jsonb_array_length('1');

-- case: array_length of an object
-- error: 22023
SELECT jsonb_array_length('{}');

-- case: path query
SELECT jsonb_path_query(payload, '$.items[*].sku') AS sku FROM events WHERE type = 'Objects';

-- case: path query with a filter
SELECT jsonb_path_query(payload, '$.items[*] ? (@.qty > 1).sku') AS sku FROM events WHERE type = 'Objects';

-- case: path query first and array
SELECT jsonb_path_query_first(payload, '$.items[*].price') AS f, jsonb_path_query_array(payload, '$.items[*].qty') AS a, jsonb_path_query_first(payload, '$.nope') AS n FROM events WHERE type = 'Objects';

-- case: path exists and match
SELECT jsonb_path_exists('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 2)') AS a, jsonb_path_match('{"a": 5}', '$.a > 3') AS b, '{"a": 1}'::jsonb @? '$.a' AS c, '{"a": 1}'::jsonb @@ '$.a == 2' AS d;

-- case: set
SELECT jsonb_set('{"a": 1}', '{a}', '2') AS a, jsonb_set('{"a": 1}', '{b}', '"x"') AS b, jsonb_set('{"a": 1}', '{b}', '2', false) AS c, jsonb_set('{"a": [1, 2]}', '{a,0}', '9') AS d, jsonb_set('{"a": 1}', '{x,y}', '1') AS e;

-- case: insert
SELECT jsonb_insert('{"a": [0, 1]}', '{a,1}', '"new"') AS a, jsonb_insert('{"a": [0, 1]}', '{a,1}', '"new"', true) AS b;

-- case: set_lax
SELECT jsonb_set_lax('{"a": 1}', '{a}', NULL, true, 'delete_key') AS a, jsonb_set_lax('{"a": 1}', '{a}', NULL) AS b;

-- case: build
SELECT jsonb_build_object('a', 1, 'b', 'x', 'c', NULL, 'd', 1.50, 'e', true, 'f', ARRAY[1, 2]) AS o, jsonb_build_array(1, 'x', NULL, 2.0, '{"k": 1}'::jsonb) AS a, jsonb_build_object() AS e, jsonb_build_array() AS n;

-- case: json_build keeps the order
SELECT json_build_object('b', 1, 'a', 2) AS o, json_build_array(1, 'x', NULL) AS a, json_build_object('t', timestamp '2024-01-01 12:00', 'd', date '2024-01-01') AS t;

-- case: json_object
-- difference: json_object of text arrays is not there
-- eventgres-error: 0A000
SELECT jsonb_object('{a,1,b,2}') AS a, jsonb_object('{a,b}', '{1,NULL}') AS b, json_object('{{x,1},{y,2}}') AS c;

-- case: to_jsonb
SELECT to_jsonb(1) AS a, to_jsonb('x'::text) AS b, to_jsonb(ARRAY['p', NULL]) AS c, to_jsonb(1.10) AS d, to_jsonb(true) AS e, to_jsonb(NULL::int) AS f, to_jsonb(timestamptz '2024-01-01 00:00Z') AS g, to_json('q"q'::text) AS h;

-- case: row_to_json
SELECT row_to_json(t) AS j FROM (SELECT type, version, payload->'total' AS total FROM events WHERE stream = 'order-1') t ORDER BY t.version;

-- case: to_jsonb of a row
SELECT to_jsonb(t) AS j FROM (SELECT type, version FROM events WHERE stream = 'order-1') t ORDER BY t.version;

-- case: array_to_json
SELECT array_to_json(ARRAY[[1, 2], [3, 4]]) AS a, array_to_json(tags) AS b FROM events WHERE stream = 'edge-text' ORDER BY version;

-- case: to_record
SELECT r.customer, r.total, r.items FROM events, jsonb_to_record(payload) AS r(customer text, total numeric, items int) WHERE type = 'OrderPlaced' ORDER BY position;

-- case: to_recordset
SELECT r.sku, r.qty, r.price FROM events, jsonb_to_recordset(payload->'items') AS r(sku text, qty int, price numeric(10,2)) WHERE type = 'Objects' ORDER BY r.sku;

-- case: strip_nulls
SELECT jsonb_strip_nulls('{"a": null, "b": {"c": null, "d": 1}, "e": [null]}') AS a, jsonb_strip_nulls(payload) AS b FROM events WHERE type = 'NullInside';

-- case: pretty
SELECT jsonb_pretty('{"a": [1, {"b": null}], "c": {}, "d": []}') AS p;

-- case: cast to text
SELECT ('{"b":1,   "a":[1,2,{"x":null}]}'::jsonb)::text AS b, ('{"b":1,   "a":1}'::json)::text AS j, '"x"'::jsonb::text AS s;

-- case: casts of text values
SELECT (payload->>'items')::int AS i, (payload->>'total')::numeric(8,1) AS n, (payload->>'paid')::boolean AS b, (payload->>'at')::timestamptz AS at FROM events WHERE type = 'OrderPlaced' ORDER BY position;

-- case: cast of a bad integer
-- error: 22P02
SELECT (payload->>'n')::int FROM events WHERE type = 'NotANumber';

-- case: cast of a fraction to int
-- error: 22P02
SELECT (payload->>'n')::int FROM events WHERE stream = 'edge-number' AND type = 'Half';

-- case: cast of a big number to bigint
-- error: 22003
SELECT (payload->>'n')::bigint FROM events WHERE stream = 'edge-number' AND type = 'Big';

-- case: cast of a bad boolean
-- error: 22P02
SELECT (payload->>'customer')::boolean FROM events WHERE stream = 'order-1' AND version = 0;

-- case: cast of a bad timestamp
-- error: 22007
SELECT (payload->>'customer')::timestamptz FROM events WHERE stream = 'order-1' AND version = 0;

-- case: invalid json
-- error: 22P02
SELECT '{"a": }'::jsonb;

-- case: invalid json from a column
-- error: 22P02
SELECT (payload->>'t')::jsonb FROM events WHERE type = 'Pattern' AND stream = 'edge-text';

-- case: no such operator
-- error: 42883
SELECT payload->1.5 FROM events;

-- case: json has no equality
-- error: 42883
SELECT '1'::json = '1'::json;

-- case: comparing json to text
-- error: 42883
SELECT count(*) FROM events WHERE payload->'customer' = 'ann'::text;

-- case: group by extracted text
SELECT payload->>'channel' AS channel, count(*) FROM events WHERE payload->>'channel' IS NOT NULL GROUP BY payload->>'channel' ORDER BY count(*) DESC;

-- case: metadata
SELECT metadata->>'user' AS u, metadata#>>'{trace,id}' AS t, count(*) FROM events WHERE NOT metadata ? 'responsible' GROUP BY 1, 2 ORDER BY 1, 2;

-- case: subscript
SELECT payload['customer'] AS a, payload['nope'] AS b, (payload['items'])[0]['sku'] AS c FROM events WHERE stream IN ('order-1', 'edge-nested') ORDER BY position;

-- case: concat aggregate of payload parts
SELECT jsonb_object_agg(stream, payload->'total') AS totals FROM events WHERE type = 'OrderPaid';

-- case: populate array in text form
SELECT payload->>'items' AS items, payload#>>'{a,b}' AS nested FROM events WHERE stream = 'edge-nested' ORDER BY version;

-- case: json type keeps its text
SELECT '{"b":1,  "a":2}'::json AS j, '{"b":1,  "a":2}'::json->'a' AS a, json_typeof('[]') AS t, json_array_length('[1, 2]') AS n;
