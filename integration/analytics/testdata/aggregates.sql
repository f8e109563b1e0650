-- Aggregate functions: their values, their types, and what they make of nulls and of nothing.

-- case: counts
SELECT count(*), count(stream), count(tags), count(payload), count(DISTINCT type), count(DISTINCT stream) FROM events;

-- case: count of nulls
SELECT count(x), count(*), count(DISTINCT x), count(DISTINCT (x, y)) FROM (VALUES (1, 1), (NULL, 1), (1, 1), (NULL, NULL)) v(x, y);

-- case: nothing
SELECT count(*), count(version), sum(version), avg(version), min(type), max(position), string_agg(type, ','), array_agg(type), bool_and(true), jsonb_agg(type) FROM events WHERE false;

-- case: types of sum
SELECT pg_typeof(sum(x::smallint)), pg_typeof(sum(x::int)), pg_typeof(sum(x::bigint)), pg_typeof(sum(x::numeric)), pg_typeof(sum(x::real)), pg_typeof(sum(x::float8)), pg_typeof(sum(x * interval '1 day')) FROM (VALUES (1)) v(x);

-- case: types of avg
SELECT pg_typeof(avg(x::smallint)), pg_typeof(avg(x::int)), pg_typeof(avg(x::bigint)), pg_typeof(avg(x::numeric)), pg_typeof(avg(x::real)), pg_typeof(avg(x::float8)), pg_typeof(avg(x * interval '1 day')) FROM (VALUES (1)) v(x);

-- case: sums
SELECT sum(x::smallint) AS s, sum(x::int) AS i, sum(x::bigint) AS b, sum(x::numeric) AS n, sum(x::real) AS r, sum(x::float8) AS f FROM (VALUES (1), (2), (NULL), (4)) v(x);

-- case: averages
SELECT avg(x::smallint) AS s, avg(x::int) AS i, avg(x::bigint) AS b, avg(x::numeric) AS n, avg(x::real) AS r, avg(x::float8) AS f FROM (VALUES (1), (2), (NULL), (4)) v(x);

-- case: average scale of whole numbers
SELECT avg(version) AS a, avg(position) AS b, sum(position) AS c, avg(version::numeric) AS d FROM events;

-- case: average scale by type
SELECT type, avg(version) FROM events GROUP BY type ORDER BY type;

-- case: sum of bigint beyond bigint
SELECT sum(x), avg(x) FROM (VALUES (9223372036854775807), (9223372036854775807)) v(x);

-- case: sum of numeric keeps the largest scale
SELECT sum(x), avg(x), max(x), min(x) FROM (VALUES (1.10), (2.2), (3.333)) v(x);

-- case: sum of money in json
SELECT sum((payload->>'total')::numeric) AS total, avg((payload->>'total')::numeric) AS mean, min((payload->>'total')::numeric), max((payload->>'total')::numeric) FROM events WHERE type = 'OrderPlaced';

-- case: sum of numeric beyond 38 digits
SELECT sum(x) FROM (VALUES (99999999999999999999999999999999999999::numeric), (1)) v(x);

-- case: sum and avg of intervals
SELECT sum(x), avg(x), min(x), max(x) FROM (VALUES (interval '1 day'), ('36 hours'), ('1 mon')) v(x);

-- case: floats
SELECT sum(x), avg(x), min(x), max(x) FROM (VALUES (0.5::float8), (0.25), (-1e10)) v(x);

-- case: floats with NaN and infinity
SELECT max(x), min(x), sum(x), avg(x) FROM (VALUES ('NaN'::float8), (1), ('Infinity')) v(x);

-- case: min and max of text
SELECT min(type), max(type), min(stream), max(stream) FROM events WHERE stream LIKE 'permit-%';

-- case: min and max by bytes
SELECT min(x), max(x) FROM (VALUES ('a'), ('B'), ('é'), ('')) v(x);

-- case: min and max of times
SELECT min((payload->>'occurred_at')::timestamptz), max((payload->>'occurred_at')::timestamptz), min((payload->>'occurred_at')::date), max((payload->>'occurred_at')::timestamp) FROM events WHERE stream LIKE 'permit-%';

-- case: min and max of arrays
SELECT min(x), max(x) FROM (VALUES (ARRAY[1, 5]), (ARRAY[1]), (ARRAY[3])) v(x);

-- case: min of uuid does not exist
-- error: 42883
SELECT min(stream_id) FROM events;

-- case: min of boolean does not exist
-- error: 42883
SELECT max(version > 1) FROM events;

-- case: booleans
SELECT bool_and(x), bool_or(x), every(x), bool_and(x) FILTER (WHERE x) FROM (VALUES (true), (false), (NULL)) v(x);

-- case: booleans of nulls
SELECT bool_and(x), bool_or(x), every(x) FROM (VALUES (NULL::boolean)) v(x);

-- case: string_agg ordered
SELECT string_agg(type, ', ' ORDER BY type DESC) FROM events WHERE stream = 'permit-891';

-- case: string_agg skips nulls
SELECT string_agg(x, '-' ORDER BY y) AS a, string_agg(x, NULL ORDER BY y) AS b FROM (VALUES ('a', 1), (NULL, 2), ('c', 3), ('', 4)) v(x, y);

-- case: string_agg with its own delimiter per row
SELECT string_agg(x, d ORDER BY x) FROM (VALUES ('a', '1'), ('b', '2'), ('c', '3')) v(x, d);

-- case: string_agg distinct
SELECT string_agg(DISTINCT type, ',' ORDER BY type), string_agg(DISTINCT payload->>'resource', ',') FROM events WHERE stream = 'permit-891';

-- case: array_agg ordered
SELECT array_agg(version ORDER BY version DESC), array_agg(type ORDER BY version), array_agg(DISTINCT type ORDER BY type DESC) FROM events WHERE stream = 'permit-891';

-- case: array_agg keeps nulls
SELECT array_agg(x ORDER BY x), array_agg(x ORDER BY x NULLS FIRST), array_agg(x ORDER BY x) FILTER (WHERE x IS NOT NULL), array_agg(DISTINCT x) FROM (VALUES (2), (NULL), (1), (2)) v(x);

-- case: array_agg of arrays
SELECT array_agg(x ORDER BY x) FROM (VALUES (ARRAY[1, 2]), (ARRAY[3, 4])) v(x);

-- case: ordered by two keys
SELECT string_agg(a || b, ' ' ORDER BY a, b DESC) FROM (VALUES ('x', '1'), ('y', '2'), ('x', '3')) v(a, b);

-- case: filter
SELECT count(*) FILTER (WHERE version = 0) AS firsts, sum(version) FILTER (WHERE version > 10) AS late, avg(version) FILTER (WHERE false) AS never FROM events;

-- case: distinct aggregates
SELECT count(DISTINCT x), sum(DISTINCT x), avg(DISTINCT x) FROM (VALUES (1), (1), (2), (NULL)) v(x);

-- case: json_agg
SELECT json_agg(x ORDER BY x) AS a, json_agg(t ORDER BY x) AS b FROM (VALUES (1, 'one'), (2, NULL)) t(x, y);

-- case: jsonb_agg
SELECT jsonb_agg(x ORDER BY x) AS a, jsonb_agg(t ORDER BY x) AS b, jsonb_agg(y ORDER BY x) AS c FROM (VALUES (1, 'one'), (2, NULL)) t(x, y);

-- case: jsonb_agg of types
SELECT jsonb_agg(jsonb_build_object('v', version, 'type', type) ORDER BY version) FROM events WHERE stream = 'order-1';

-- case: jsonb_agg of payload parts
SELECT jsonb_agg(payload->'total' ORDER BY position) FROM events WHERE stream LIKE 'order-%';

-- case: jsonb_object_agg
SELECT jsonb_object_agg(type, version), json_object_agg(type, version ORDER BY version) FROM events WHERE stream = 'order-1';

-- case: jsonb_object_agg keeps the last of equal keys
SELECT jsonb_object_agg(k, v ORDER BY v) FROM (VALUES ('a', 1), ('a', 2), ('b', NULL)) t(k, v);

-- case: variance and deviation of whole numbers
SELECT variance(x), var_pop(x), var_samp(x), stddev(x), stddev_pop(x), stddev_samp(x) FROM generate_series(1, 6) v(x);

-- case: variance of floats
SELECT variance(x), var_pop(x), stddev(x), stddev_pop(x) FROM (VALUES (1::float8), (2), (3), (6)) v(x);

-- case: variance of versions
SELECT round(variance(version), 6), round(stddev_pop(version), 6) FROM events;

-- case: variance of one and none
SELECT variance(x), var_pop(x), stddev(x) FROM (VALUES (5)) v(x);

-- case: regression
SELECT regr_slope(y, x), regr_intercept(y, x), regr_count(y, x), regr_r2(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x) FROM (VALUES (1, 2), (2, 4), (3, 6), (NULL, 1)) v(x, y);

-- case: correlation and covariance
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x) FROM (VALUES (1, 3), (2, 5), (3, 7)) v(x, y);

-- case: correlation of a constant
SELECT corr(y, x), regr_slope(y, x) FROM (VALUES (1, 1), (1, 2)) v(x, y);

-- case: percentile_cont
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), percentile_cont(0.25) WITHIN GROUP (ORDER BY x DESC), percentile_cont(0) WITHIN GROUP (ORDER BY x), percentile_cont(1) WITHIN GROUP (ORDER BY x) FROM generate_series(1, 6) v(x);

-- case: percentile_cont of several
SELECT percentile_cont(ARRAY[0, 0.5, 1, NULL]) WITHIN GROUP (ORDER BY x) FROM generate_series(1, 4) v(x);

-- case: percentile_cont of intervals
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (interval '1 hour'), ('2 hours')) v(x);

-- case: percentile_disc
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY x) FROM (VALUES ('a'), ('b'), ('c'), ('d')) v(x);

-- case: percentile_disc of versions by type
SELECT left(type, 3) AS kind, percentile_disc(0.5) WITHIN GROUP (ORDER BY version) FROM events WHERE stream LIKE 'permit-%' GROUP BY 1 ORDER BY 1;

-- case: percentile out of range
-- error: 22003
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY x) FROM generate_series(1, 3) v(x);

-- case: mode
SELECT mode() WITHIN GROUP (ORDER BY type), mode() WITHIN GROUP (ORDER BY payload->>'channel') FROM events;

-- case: mode of equals takes the first
SELECT mode() WITHIN GROUP (ORDER BY x), mode() WITHIN GROUP (ORDER BY x DESC) FROM (VALUES (3), (1), (2)) v(x);

-- case: hypothetical sets
-- difference: the hypothetical-set aggregates are not there
-- eventgres-error: 0A000
SELECT rank(3) WITHIN GROUP (ORDER BY x), dense_rank(3) WITHIN GROUP (ORDER BY x), percent_rank(3) WITHIN GROUP (ORDER BY x), cume_dist(3) WITHIN GROUP (ORDER BY x) FROM (VALUES (1), (1), (3), (5)) v(x);

-- case: bits
SELECT bit_and(x), bit_or(x), bit_xor(x) FROM (VALUES (6), (3), (NULL)) v(x);

-- case: bits of bigint
SELECT bit_and(x), bit_or(x) FROM (VALUES (6::bigint), (4294967299)) v(x);

-- case: count of an expression
SELECT count(nullif(version, 0)), count(version > 3), count(CASE WHEN version > 3 THEN 1 END) FROM events;

-- case: aggregate inside expressions
SELECT max(version) - min(version) + 1 AS span, round(count(*)::numeric / count(DISTINCT stream_id), 3) AS mean, coalesce(sum(version) FILTER (WHERE version < 0), 0) AS zero FROM events;

-- case: integer ratio of counts
SELECT count(*) / 1000 AS q, count(*) % 1000 AS r, count(*) * 1.0 / 1000 AS d FROM events;

-- case: sum of case
SELECT sum(CASE WHEN type LIKE 'T%' THEN 1 ELSE 0 END) AS t, sum((type LIKE 'T%')::int) AS u FROM events;

-- case: a sum has an order to no effect
SELECT sum(x::text::numeric / 4 ORDER BY x DESC) AS s, avg(x::text::numeric ORDER BY x) AS a, sum(x * interval '1 minute' ORDER BY x) AS i FROM generate_series(1, 5000) s(x);

-- case: a distinct sum of numerics of two scales
SELECT sum(DISTINCT x) = 3 AS s, avg(DISTINCT x) = 1.5 AS a, count(DISTINCT x) AS n FROM (VALUES ('1.0'), ('1.00'), ('2')) v(t), LATERAL (SELECT t::numeric AS x) n;

-- case: distinct numerics of mixed scale in a list
SELECT array_agg(DISTINCT trim_scale(x::numeric)), count(DISTINCT x::numeric), sum(DISTINCT x::numeric) FROM (VALUES ('1.50'), ('2.50'), ('1.50'), (NULL)) t(x);

-- case: sum and average of distinct numerics keep the scale
SELECT sum(DISTINCT x::numeric), avg(DISTINCT x::numeric), max(DISTINCT x::numeric) FROM (VALUES ('1.50'), ('2.50'), ('1.50')) t(x);

-- case: lists of distinct numerics
SELECT array_agg(DISTINCT x::numeric), array_agg(DISTINCT x::numeric ORDER BY x::numeric DESC), json_agg(DISTINCT x::numeric), jsonb_agg(DISTINCT x::numeric) FROM (VALUES ('1.50'), ('2.25'), ('1.50'), (NULL), ('-3')) t(x);

-- case: deviation of distinct numerics
SELECT stddev(DISTINCT x::numeric), var_pop(DISTINCT x::numeric) FROM (VALUES ('1.50'), ('2.25'), ('1.5'), ('-3')) t(x);

-- case: distinct jsonb that looks different
SELECT count(DISTINCT j), array_length(array_agg(DISTINCT j), 1), jsonb_array_length(jsonb_agg(DISTINCT j)) FROM (VALUES ('{"a":1.0}'::jsonb), ('{"a":1}'), ('[]'), (NULL), (NULL)) t(j);

-- case: distinct intervals in a list
SELECT array_length(array_agg(DISTINCT i), 1) FROM (VALUES (interval '1 day'), ('24 hours'), ('2 days')) t(i);

-- case: distinct payloads
SELECT count(*) FROM (SELECT unnest(array_agg(DISTINCT payload)) FROM events WHERE stream LIKE 'order-%') t;

-- case: mode of numerics keeps the scale
SELECT mode() WITHIN GROUP (ORDER BY x::numeric), mode() WITHIN GROUP (ORDER BY x::numeric DESC) FROM (VALUES ('1.50'), ('2.5'), ('1.50'), ('3.00'), ('2.5'), (NULL)) t(x);

-- case: mode of intervals and of json
SELECT mode() WITHIN GROUP (ORDER BY i), mode() WITHIN GROUP (ORDER BY j) FROM (VALUES (interval '24 hours', '2'::jsonb), ('24:00', '1'), ('1 hour', '1')) t(i, j);

-- case: aggregates of distinct numerics in groups
SELECT g, array_agg(DISTINCT x::numeric), sum(DISTINCT x::numeric) FILTER (WHERE x <> '2.25') FROM (VALUES (1, '1.50'), (1, '2.25'), (2, '1.50'), (2, '1.50')) t(g, x) GROUP BY g ORDER BY g;
