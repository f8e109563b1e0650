-- SQL as BI tools write it, down to their quoting and their casts.

-- case: metabase, table preview
SELECT "public"."events"."position" AS "position", "public"."events"."stream" AS "stream", "public"."events"."type" AS "type", "public"."events"."version" AS "version" FROM "public"."events" ORDER BY "public"."events"."position" ASC LIMIT 2000;

-- case: metabase, count by type
SELECT "public"."events"."type" AS "type", COUNT(*) AS "count" FROM "public"."events" GROUP BY "public"."events"."type" ORDER BY "count" DESC, "public"."events"."type" ASC LIMIT 10000;

-- case: metabase, count by month
SELECT DATE_TRUNC('month', CAST("public"."events"."payload"->>'occurred_at' AS timestamp with time zone)) AS "occurred_at", COUNT(*) AS "count" FROM "public"."events" WHERE "public"."events"."type" = 'Confirmation of receipt' GROUP BY DATE_TRUNC('month', CAST("public"."events"."payload"->>'occurred_at' AS timestamp with time zone)) ORDER BY DATE_TRUNC('month', CAST("public"."events"."payload"->>'occurred_at' AS timestamp with time zone)) ASC;

-- case: metabase, nested question
SELECT "source"."type" AS "type", SUM("source"."count") AS "sum" FROM (SELECT "public"."events"."type" AS "type", "public"."events"."stream" AS "stream", COUNT(*) AS "count" FROM "public"."events" GROUP BY "public"."events"."type", "public"."events"."stream") AS "source" WHERE "source"."count" > 1 GROUP BY "source"."type" ORDER BY "source"."type" ASC LIMIT 1048575;

-- case: metabase, json unfolding
SELECT ("public"."events"."payload"#>> array['channel']::text[])::text AS "payload → channel", COUNT(*) AS "count" FROM "public"."events" GROUP BY ("public"."events"."payload"#>> array['channel']::text[])::text ORDER BY ("public"."events"."payload"#>> array['channel']::text[])::text ASC;

-- case: metabase, case-insensitive contains
SELECT COUNT(*) AS "count" FROM "public"."events" WHERE (LOWER("public"."events"."type") LIKE '%advice%');

-- case: metabase, day of week
SELECT (CAST(extract(dow from CAST("public"."events"."payload"->>'occurred_at' AS timestamptz)) AS integer) + 1) AS "weekday", COUNT(*) AS "count" FROM "public"."events" WHERE "public"."events"."payload" ? 'occurred_at' GROUP BY (CAST(extract(dow from CAST("public"."events"."payload"->>'occurred_at' AS timestamptz)) AS integer) + 1) ORDER BY 1 ASC;

-- case: metabase, binning
SELECT ((FLOOR((("public"."events"."position" - 0.0) / 1000.0)) * 1000.0) + 0.0) AS "position", COUNT(*) AS "count" FROM "public"."events" GROUP BY ((FLOOR((("public"."events"."position" - 0.0) / 1000.0)) * 1000.0) + 0.0) ORDER BY ((FLOOR((("public"."events"."position" - 0.0) / 1000.0)) * 1000.0) + 0.0) ASC;

-- case: metabase, fingerprint
SELECT min("source"."position"), max("source"."position"), avg("source"."position"), count(distinct "source"."type") FROM (SELECT "public"."events"."position" AS "position", "public"."events"."type" AS "type" FROM "public"."events" ORDER BY "public"."events"."position" LIMIT 10000) AS "source";

-- case: metabase, join of two tables
SELECT "Streams"."category" AS "Streams__category", COUNT(*) AS "count" FROM "public"."events" LEFT JOIN "public"."streams" AS "Streams" ON "public"."events"."stream_id" = "Streams"."stream_id" GROUP BY "Streams"."category" ORDER BY "count" DESC, "Streams"."category" ASC;

-- case: metabase, field values
SELECT "source"."type" AS "type" FROM (SELECT DISTINCT "public"."events"."type" AS "type" FROM "public"."events") AS "source" ORDER BY "source"."type" ASC LIMIT 1000;

-- case: superset, explore
SELECT type AS type, COUNT(*) AS count
FROM public.events
WHERE stream LIKE 'permit-%'
GROUP BY type
ORDER BY count DESC, type
LIMIT 10001;

-- case: superset, virtual dataset
SELECT DATE_TRUNC('day', occurred_at) AS __timestamp, channel AS channel, COUNT(*) AS "COUNT(*)"
FROM (SELECT stream, type, payload->>'channel' AS channel, CAST(payload->>'occurred_at' AS TIMESTAMP) AS occurred_at FROM events WHERE stream LIKE 'permit-%') AS virtual_table
WHERE occurred_at >= TO_TIMESTAMP('2010-10-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND occurred_at < TO_TIMESTAMP('2010-10-15 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY DATE_TRUNC('day', occurred_at), channel ORDER BY 1, 2 LIMIT 50000;

-- case: superset, series limit
SELECT DATE_TRUNC('month', CAST(e.payload->>'occurred_at' AS TIMESTAMP)) AS __timestamp, e.type AS type, COUNT(*) AS "COUNT(*)"
FROM public.events AS e JOIN (
	SELECT type AS type__, COUNT(*) AS mme_inner__ FROM public.events WHERE payload ? 'occurred_at' GROUP BY type ORDER BY mme_inner__ DESC LIMIT 3
) AS anon_1 ON e.type = anon_1.type__
GROUP BY e.type, DATE_TRUNC('month', CAST(e.payload->>'occurred_at' AS TIMESTAMP)) ORDER BY 1, 3 DESC, 2 LIMIT 10000;

-- case: superset, row count probe
SELECT COUNT(*) AS rowcount FROM (SELECT type AS type, stream AS stream FROM public.events GROUP BY type, stream) AS rowcount_qry LIMIT 50000;

-- case: superset, filter box
SELECT type AS type, MAX(version) AS "MAX(version)" FROM public.events WHERE type IN ('OrderPlaced', 'OrderPaid') OR type IS NULL GROUP BY type ORDER BY type LIMIT 1000;

-- case: superset, percentage metric
SELECT payload->>'channel' AS channel, SUM(CASE WHEN type LIKE 'T1%' THEN 1 ELSE 0 END) * 100.0 / COUNT(*) AS "% T1" FROM public.events WHERE stream LIKE 'permit-%' GROUP BY payload->>'channel' ORDER BY "% T1" DESC, channel LIMIT 100;

-- case: superset, week by ISO
SELECT DATE_TRUNC('week', CAST(payload->>'occurred_at' AS TIMESTAMP) + INTERVAL '1 DAY') - INTERVAL '1 DAY' AS __timestamp, count(*) FROM events WHERE type = 'Confirmation of receipt' GROUP BY 1 ORDER BY 1 LIMIT 20;

-- case: grafana, time series
SELECT floor(extract(epoch from (payload->>'occurred_at')::timestamptz)/3600)*3600 AS "time", count(*) AS "value"
FROM events WHERE (payload->>'occurred_at')::timestamptz BETWEEN '2010-10-05T00:00:00Z' AND '2010-10-08T00:00:00Z'
GROUP BY 1 ORDER BY 1;

-- case: grafana, time group alias
SELECT (floor(extract(epoch from (payload->>'occurred_at')::timestamptz)/86400)*86400)::bigint AS "time", type AS metric, count(*) AS value
FROM events WHERE (payload->>'occurred_at')::timestamptz >= '2010-10-04T22:00:00Z' AND (payload->>'occurred_at')::timestamptz <= '2010-10-08T21:59:59Z'
GROUP BY 1, metric ORDER BY 1, 2;

-- case: grafana, unix epoch filter
SELECT count(*) FROM events WHERE extract(epoch from (payload->>'occurred_at')::timestamptz) >= 1286000000 AND extract(epoch from (payload->>'occurred_at')::timestamptz) <= 1290000000;

-- case: grafana, macro over recorded_at
SELECT count(*) > 0 AS any FROM events WHERE recorded_at BETWEEN '2020-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z';

-- case: grafana, gap filling
SELECT g.time, coalesce(v.value, 0) AS value FROM generate_series('2010-10-05T00:00:00Z'::timestamptz, '2010-10-06T00:00:00Z', '3h') AS g(time)
LEFT JOIN (SELECT date_bin('3h', (payload->>'occurred_at')::timestamptz, '2000-01-01Z') AS time, count(*) AS value FROM events WHERE stream LIKE 'permit-%' GROUP BY 1) v ON v.time = g.time
ORDER BY g.time;

-- case: grafana, variable query
SELECT DISTINCT(type) AS "__text", left(type, 3) AS __value FROM events WHERE type ~ '^T0' ORDER BY 1;

-- case: tableau, connection probe
SELECT 1 AS "COL";

-- case: tableau, custom SQL with limit 0
SELECT * FROM (SELECT stream, type, version FROM events) "TableauSQL" LIMIT 0;

-- case: tableau, sums
SELECT CAST("events"."type" AS TEXT) AS "type", SUM(1) AS "sum:Number of Records:ok", COUNT(DISTINCT "events"."stream") AS "ctd:stream:ok" FROM "public"."events" "events" GROUP BY 1 HAVING (COUNT(1) > 0) ORDER BY 1;

-- case: tableau, truncated date
SELECT DATE_TRUNC( 'QUARTER', CAST(("events"."payload"->>'occurred_at')::timestamp AS DATE) ) AS "tqr:occurred:ok", SUM(1) AS "n" FROM "public"."events" "events" WHERE ("events"."payload" ? 'occurred_at') GROUP BY 1 ORDER BY 1;

-- case: tableau, top n by subquery
SELECT "t0"."type" AS "type", "t0"."x" AS "x" FROM (SELECT "events"."type" AS "type", COUNT(1) AS "x", ROW_NUMBER() OVER (ORDER BY COUNT(1) DESC, "events"."type") AS "rn" FROM "public"."events" "events" GROUP BY "events"."type") "t0" WHERE ("t0"."rn" <= 5) ORDER BY "t0"."rn";

-- case: tableau, bool as integer
SELECT (CASE WHEN ("events"."version" > 5) THEN 1 WHEN NOT ("events"."version" > 5) THEN 0 ELSE NULL END) AS "long", SUM(1) AS "n" FROM "public"."events" "events" GROUP BY 1 ORDER BY 1;

-- case: tableau, year part
SELECT CAST(TRUNC(EXTRACT(YEAR FROM ("events"."payload"->>'occurred_at')::timestamp)) AS INTEGER) AS "yr", COUNT(1) AS "n" FROM "public"."events" "events" WHERE "events"."stream" LIKE 'permit-%' GROUP BY 1 ORDER BY 1;

-- case: tableau, collated comparison
SELECT "events"."type" AS "type" FROM "public"."events" "events" WHERE ("events"."type" >= 'T19' COLLATE "C") GROUP BY 1 ORDER BY 1;

-- case: power bi, nested selects
select "_"."type" as "type", "_"."a0" as "a0" from (select "rows"."type" as "type", count(1) as "a0" from (select "type", "stream" from "public"."events" "$Table") "rows" group by "type") "_" where not "_"."a0" is null order by "_"."type" limit 1000001;

-- case: power bi, first rows
select "$Table"."position" as "position", "$Table"."stream_id" as "stream_id", "$Table"."stream" as "stream", "$Table"."type" as "type" from "public"."events" "$Table" order by "$Table"."position" limit 1000;

-- case: power bi, conditional
select "_"."version", case when "_"."version" = 0 then 'first' when "_"."version" < 3 then 'early' else 'late' end as "t0_0", "_"."type" from "public"."events" "_" where "_"."stream" = 'permit-9289' and "_"."stream" is not null order by "_"."version";

-- case: power bi, string filter
select "_"."type", "_"."n" from (select "type", cast(count(*) as decimal(18, 0)) as "n" from "public"."events" where strpos("type", 'receipt') > 0 group by "type") "_" order by "_"."type";

-- case: power bi, cast to double
select sum(cast("_"."total" as double precision)) as "a0", avg(cast("_"."total" as double precision)) as "a1" from (select ("payload"->>'items')::int as "total" from "public"."events" where "type" = 'OrderPlaced') "_";

-- case: looker, explore
WITH cases AS (SELECT stream, MIN(payload->>'channel') AS channel, COUNT(*) AS steps FROM events WHERE stream LIKE 'permit-%' GROUP BY 1)
SELECT
    cases.channel  AS "cases.channel",
        (TO_CHAR(DATE_TRUNC('month', DATE_TRUNC('month', TIMESTAMPTZ '2010-10-15 10:00:00+00' AT TIME ZONE 'UTC')), 'YYYY-MM')) AS "cases.created_month",
    COUNT(*) AS "cases.count",
    COALESCE(SUM(cases.steps ), 0) AS "cases.total_steps",
    AVG(cases.steps ) AS "cases.average_steps"
FROM cases
GROUP BY
    1,
    2
ORDER BY
    3 DESC, 1
FETCH NEXT 500 ROWS ONLY;

-- case: looker, date filter in zone
SELECT (DATE(((payload->>'occurred_at')::timestamptz AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')) AS "events.date", COUNT(*) AS "events.count"
FROM events WHERE (((payload->>'occurred_at')::timestamptz) >= ((TIMESTAMP '2010-11-01')) AND ((payload->>'occurred_at')::timestamptz) < ((TIMESTAMP '2010-11-08')))
GROUP BY 1 ORDER BY 1 DESC FETCH NEXT 500 ROWS ONLY;

-- case: looker, yesno
SELECT CASE WHEN events.version >= 10  THEN 'Yes' ELSE 'No' END AS "events.is_long", COUNT(DISTINCT events.stream ) AS "n" FROM public.events AS events WHERE ((events.stream ILIKE 'PERMIT-%')) GROUP BY 1 ORDER BY 1;

-- case: looker, symmetric total
SELECT COALESCE(COALESCE(CAST( ( SUM(DISTINCT (CAST(FLOOR(COALESCE( streams.version ,0)*(1000000*1.0)) AS DECIMAL(65,0)))) )  AS DOUBLE PRECISION) / CAST((1000000*1.0) AS DOUBLE PRECISION), 0), 0) AS "total" FROM streams WHERE category = 'permit';

-- case: cube, measures
SELECT "events".type "events__type", date_trunc('month', (("events".payload->>'occurred_at')::timestamptz::timestamptz AT TIME ZONE 'UTC')) "events__at_month", count(*) "events__count"
FROM public.events AS "events" WHERE ("events".type = 'T13 Adjust document X request unlicensed' OR "events".type = 'T18 Adjust report Y to stop indicition') GROUP BY 1, 2 ORDER BY 2 ASC, 1 LIMIT 10000;

-- case: cube, rolling window
SELECT q_0."day", sum(q_1."n") AS rolling FROM (SELECT day FROM generate_series(timestamp '2010-10-05', timestamp '2010-10-12', '1 day'::interval) AS day) AS q_0
LEFT JOIN (SELECT date_trunc('day', (payload->>'occurred_at')::timestamptz AT TIME ZONE 'UTC') AS d, count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY 1) AS q_1 ON q_1.d > q_0.day - interval '3 days' AND q_1.d <= q_0.day
GROUP BY 1 ORDER BY 1;

-- case: cube, count distinct subquery
SELECT count(distinct "main".stream) "c" FROM (SELECT * FROM public.streams WHERE category = 'permit') AS "main" WHERE ("main".version >= 3::numeric);

-- case: dbt test, not null
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from ( select stream_id from "public"."events" where stream_id is null ) dbt_internal_test;

-- case: dbt test, unique
select count(*) as failures from ( select event_id as unique_field, count(*) as n_records from "public"."events" where event_id is not null group by event_id having count(*) > 1 ) dbt_internal_test;

-- case: dbt test, accepted values
with all_values as ( select payload->>'lifecycle' as value_field, count(*) as n_records from "public"."events" where stream like 'permit-%' group by payload->>'lifecycle' ) select * from all_values where value_field not in ('complete','start') order by 1;

-- case: constant filter of a query builder
SELECT type, count(*) FROM events WHERE 1 = 1 AND type IS NOT NULL AND (1 = 0 OR version = 0) GROUP BY type ORDER BY 2 DESC, 1;

-- case: never true
SELECT stream, type FROM events WHERE 1 = 0;

-- case: month as date
SELECT (DATE_TRUNC('month', (payload->>'occurred_at')::timestamptz))::date AS month, count(*) FROM events WHERE stream LIKE 'permit-%' GROUP BY 1 ORDER BY 1;

-- case: date_trunc with a zone argument
SELECT date_trunc('day', (payload->>'occurred_at')::timestamptz, 'Europe/Amsterdam') AS day, count(*) FROM events WHERE stream LIKE 'permit-%' GROUP BY 1 ORDER BY 1 LIMIT 20;

-- case: top three resources per channel
SELECT channel, resource, n FROM (
	SELECT payload->>'channel' AS channel, payload->>'resource' AS resource, count(*) AS n,
		row_number() OVER (PARTITION BY payload->>'channel' ORDER BY count(*) DESC, payload->>'resource') AS rn
	FROM events WHERE stream LIKE 'permit-%' GROUP BY 1, 2) ranked WHERE rn <= 3 ORDER BY channel, rn;

-- case: year on year
SELECT this.m, this.n, prev.n AS before, round((this.n - prev.n) * 100.0 / nullif(prev.n, 0), 1) AS growth
FROM (SELECT date_trunc('month', (payload->>'occurred_at')::timestamp) AS m, count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY 1) this
LEFT JOIN (SELECT date_trunc('month', (payload->>'occurred_at')::timestamp) AS m, count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY 1) prev ON prev.m = this.m - interval '1 month'
ORDER BY this.m;

-- case: buckets with labels
SELECT CASE WHEN version BETWEEN 0 AND 2 THEN '0-2' WHEN version BETWEEN 3 AND 5 THEN '3-5' WHEN version <= 10 THEN '6-10' ELSE '10+' END AS bucket, count(*) AS n
FROM streams GROUP BY 1 ORDER BY min(version);

-- case: dbeaver, row count of a filter
SELECT count(*) FROM (SELECT * FROM public.events WHERE type = 'OrderPaid') dbvrcnt;

-- case: hex, dataframe sample
SELECT "stream", "type", CAST("version" AS BIGINT) AS "version" FROM "events" AS "t" WHERE ("t"."stream" = 'order-1') AND (NOT ("t"."type" IS NULL)) ORDER BY "t"."version" ASC NULLS LAST;
