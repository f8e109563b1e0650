-- Process mining: what analysts ask of an event log. A stream is a case, a type an
-- activity, payload->>'occurred_at' the time it happened.

-- case: throughput time per case
SELECT stream, max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz) AS throughput
FROM events WHERE stream LIKE 'permit-%'
GROUP BY stream ORDER BY throughput DESC, stream LIMIT 20;

-- case: throughput time in whole hours
SELECT stream, floor(extract(epoch FROM max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz)) / 3600)::int AS hours
FROM events WHERE stream LIKE 'permit-1%'
GROUP BY stream ORDER BY hours DESC, stream LIMIT 25;

-- case: average throughput time
WITH cases AS (
	SELECT stream, max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz) AS throughput
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT count(*), avg(throughput), min(throughput), max(throughput), sum(throughput) FROM cases;

-- case: average throughput time in seconds, numeric
WITH cases AS (
	SELECT stream, extract(epoch FROM max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz)) AS seconds
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT count(*) AS cases, avg(seconds) AS mean, round(avg(seconds), 2) AS rounded, sum(seconds) AS total FROM cases;

-- case: median and quartiles of throughput
WITH cases AS (
	SELECT extract(epoch FROM max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz)) AS seconds
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
	percentile_cont(ARRAY[0.25, 0.75, 0.95]) WITHIN GROUP (ORDER BY seconds) AS quartiles,
	percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
FROM cases;

-- case: median of intervals
WITH cases AS (
	SELECT max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz) AS throughput
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY throughput) AS median FROM cases;

-- case: waiting time between steps with lag
SELECT stream, version, type,
	(payload->>'occurred_at')::timestamptz - lag((payload->>'occurred_at')::timestamptz) OVER (PARTITION BY stream ORDER BY version) AS waited
FROM events WHERE stream IN ('permit-891', 'permit-9289') ORDER BY stream, version;

-- case: time to the next step with lead
SELECT stream, version, lead(type) OVER w AS next_type,
	lead((payload->>'occurred_at')::timestamptz) OVER w - (payload->>'occurred_at')::timestamptz AS until_next
FROM events WHERE stream IN ('permit-891', 'permit-3756')
WINDOW w AS (PARTITION BY stream ORDER BY version) ORDER BY stream, version;

-- case: lag with offset and default
SELECT version, lag(type, 2, '(none)') OVER (ORDER BY version) AS two_before, lead(version, 3, -1::bigint) OVER (ORDER BY version) AS three_after
FROM events WHERE stream = 'permit-9289' ORDER BY version;

-- case: average waiting time before each type
WITH steps AS (
	SELECT type, (payload->>'occurred_at')::timestamptz - lag((payload->>'occurred_at')::timestamptz) OVER (PARTITION BY stream ORDER BY version) AS waited
	FROM events WHERE stream LIKE 'permit-%'
)
SELECT type, count(waited) AS n, avg(waited) AS mean, max(waited) AS longest
FROM steps GROUP BY type HAVING count(waited) > 0 ORDER BY mean DESC, type;

-- case: directly follows graph
WITH pairs AS (
	SELECT type AS source, lead(type) OVER (PARTITION BY stream ORDER BY version) AS target
	FROM events WHERE stream LIKE 'permit-%'
)
SELECT source, target, count(*) AS n FROM pairs WHERE target IS NOT NULL
GROUP BY source, target ORDER BY n DESC, source, target LIMIT 30;

-- case: directly follows with mean duration
WITH pairs AS (
	SELECT type AS source, lead(type) OVER w AS target,
		extract(epoch FROM lead((payload->>'occurred_at')::timestamptz) OVER w - (payload->>'occurred_at')::timestamptz) AS seconds
	FROM events WHERE stream LIKE 'permit-%'
	WINDOW w AS (PARTITION BY stream ORDER BY version)
)
SELECT source, target, count(*) AS n, round(avg(seconds), 3) AS mean, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median
FROM pairs WHERE target IS NOT NULL
GROUP BY 1, 2 HAVING count(*) >= 20 ORDER BY 4 DESC, 1, 2;

-- case: variants with string_agg
WITH variants AS (
	SELECT stream, string_agg(type, ' > ' ORDER BY version) AS variant
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT variant, count(*) AS n, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS percent
FROM variants GROUP BY variant ORDER BY n DESC, variant LIMIT 10;

-- case: variants with array_agg
WITH variants AS (
	SELECT stream, array_agg(left(type, 3) ORDER BY version) AS variant
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT variant, cardinality(variant) AS steps, count(*) FROM variants
GROUP BY variant ORDER BY count(*) DESC, variant LIMIT 15;

-- case: cumulative share of variants
WITH variants AS (
	SELECT string_agg(left(type, 3), '-' ORDER BY version) AS variant FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
), counted AS (
	SELECT variant, count(*) AS n FROM variants GROUP BY variant
)
SELECT variant, n, sum(n) OVER (ORDER BY n DESC, variant) AS running,
	round(sum(n) OVER (ORDER BY n DESC, variant) / sum(n) OVER (), 4) AS share
FROM counted ORDER BY n DESC, variant LIMIT 12;

-- case: number of variants
SELECT count(DISTINCT variant) FROM (
	SELECT string_agg(type, '|' ORDER BY version) AS variant FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
) v;

-- case: rework, the same type twice
SELECT stream, type, count(*) AS times FROM events WHERE stream LIKE 'permit-%'
GROUP BY stream, type HAVING count(*) > 1 ORDER BY times DESC, stream, type LIMIT 30;

-- case: rework share by type
SELECT type, sum(n) AS events, count(*) AS cases, count(*) FILTER (WHERE n > 1) AS reworked, max(n) AS most
FROM (SELECT stream, type, count(*) AS n FROM events WHERE stream LIKE 'permit-%' GROUP BY stream, type) per_case
GROUP BY type ORDER BY reworked DESC, type;

-- case: immediate repetition
WITH steps AS (
	SELECT stream, version, type, lag(type) OVER (PARTITION BY stream ORDER BY version) AS before FROM events
)
SELECT stream, version, type FROM steps WHERE type = before ORDER BY stream, version;

-- case: loops back to an earlier step
SELECT a.type AS step, b.type AS between_step, count(*) AS n
FROM events a JOIN events b ON b.stream_id = a.stream_id AND b.version = a.version + 1
JOIN events c ON c.stream_id = a.stream_id AND c.version = a.version + 2 AND c.type = a.type
WHERE a.type <> b.type GROUP BY 1, 2 ORDER BY n DESC, step, between_step;

-- case: hand-overs between resources
WITH steps AS (
	SELECT payload->>'resource' AS giver, lead(payload->>'resource') OVER (PARTITION BY stream ORDER BY version) AS taker
	FROM events WHERE stream LIKE 'permit-%'
)
SELECT giver, taker, count(*) AS n FROM steps WHERE giver <> taker
GROUP BY giver, taker ORDER BY n DESC, giver, taker LIMIT 25;

-- case: hand-overs per case
SELECT stream, sum(CASE WHEN resource IS DISTINCT FROM before AND version > 0 THEN 1 ELSE 0 END) AS handovers
FROM (SELECT stream, version, payload->>'resource' AS resource, lag(payload->>'resource') OVER (PARTITION BY stream ORDER BY version) AS before
	FROM events WHERE stream LIKE 'permit-%') s
GROUP BY stream ORDER BY handovers DESC, stream LIMIT 20;

-- case: who works with whom
SELECT least(a.r, b.r) AS one, greatest(a.r, b.r) AS other, count(*) AS cases
FROM (SELECT DISTINCT stream, payload->>'resource' AS r FROM events WHERE stream LIKE 'permit-1%') a
JOIN (SELECT DISTINCT stream, payload->>'resource' AS r FROM events WHERE stream LIKE 'permit-1%') b USING (stream)
WHERE a.r < b.r GROUP BY 1, 2 ORDER BY cases DESC, one, other LIMIT 20;

-- case: workload by resource and month
SELECT payload->>'resource' AS resource, to_char((payload->>'occurred_at')::timestamptz, 'YYYY-MM') AS month, count(*) AS n
FROM events WHERE payload->>'resource' IN ('Resource01', 'Resource02', 'admin1')
GROUP BY 1, 2 ORDER BY 1, 2;

-- case: specialists and generalists
SELECT payload->>'resource' AS resource, count(DISTINCT type) AS types, count(*) AS events, count(DISTINCT stream) AS cases
FROM events WHERE payload ? 'resource' GROUP BY payload->>'resource' ORDER BY types DESC, resource;

-- case: funnel with filters
SELECT count(DISTINCT stream) FILTER (WHERE type = 'Confirmation of receipt') AS received,
	count(DISTINCT stream) FILTER (WHERE type LIKE 'T02%') AS checked,
	count(DISTINCT stream) FILTER (WHERE type LIKE 'T04%') AS determined,
	count(DISTINCT stream) FILTER (WHERE type LIKE 'T05%') AS sent,
	count(DISTINCT stream) FILTER (WHERE type LIKE 'T10%') AS stopped
FROM events;

-- case: ordered funnel
WITH reached AS (
	SELECT stream, min(version) FILTER (WHERE type = 'Confirmation of receipt') AS s1,
		min(version) FILTER (WHERE type LIKE 'T02%') AS s2, min(version) FILTER (WHERE type LIKE 'T04%') AS s3, min(version) FILTER (WHERE type LIKE 'T05%') AS s4
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT count(s1) AS step1, count(*) FILTER (WHERE s2 > s1) AS step2, count(*) FILTER (WHERE s2 > s1 AND s3 > s2) AS step3,
	count(*) FILTER (WHERE s2 > s1 AND s3 > s2 AND s4 > s3) AS step4,
	round(100.0 * count(*) FILTER (WHERE s2 > s1 AND s3 > s2 AND s4 > s3) / count(s1), 1) AS conversion
FROM reached;

-- case: funnel as rows
WITH steps(n, name) AS (VALUES (1, 'Confirmation of receipt'), (2, 'T02 Check confirmation of receipt'), (3, 'T04 Determine confirmation of receipt'))
SELECT s.n, s.name, count(DISTINCT e.stream) AS cases, lag(count(DISTINCT e.stream)) OVER (ORDER BY s.n) AS before
FROM steps s LEFT JOIN events e ON e.type = s.name GROUP BY s.n, s.name ORDER BY s.n;

-- case: cohorts by month of receipt
WITH first_seen AS (
	SELECT stream, date_trunc('month', min((payload->>'occurred_at')::timestamptz)) AS cohort FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT cohort, count(*) FROM first_seen GROUP BY cohort ORDER BY cohort;

-- case: cohorts by local month
-- zone: Europe/Amsterdam
WITH first_seen AS (
	SELECT stream, date_trunc('month', min((payload->>'occurred_at')::timestamptz)) AS cohort FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT cohort, cohort::date AS first_day, count(*) FROM first_seen GROUP BY cohort ORDER BY cohort;

-- case: cohort retention matrix
WITH activity AS (
	SELECT stream, date_trunc('month', (payload->>'occurred_at')::timestamptz) AS month FROM events WHERE stream LIKE 'permit-%'
), cohort AS (
	SELECT stream, min(month) AS cohort FROM activity GROUP BY stream
)
SELECT cohort::date, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::int AS months_later, count(DISTINCT stream) AS active
FROM activity JOIN cohort USING (stream) GROUP BY 1, 2 ORDER BY 1, 2;

-- case: first event of each stream with DISTINCT ON
SELECT DISTINCT ON (stream) stream, version, type FROM events WHERE stream LIKE 'permit-10%' ORDER BY stream, version;

-- case: last event of each stream with DISTINCT ON
SELECT DISTINCT ON (stream) stream, version, type, payload->>'resource' AS resource
FROM events WHERE stream LIKE 'permit-10%' ORDER BY stream, version DESC;

-- case: how cases end
SELECT type, count(*) FROM (
	SELECT stream, type, row_number() OVER (PARTITION BY stream ORDER BY version DESC) AS rn FROM events WHERE stream LIKE 'permit-%'
) t WHERE rn = 1 GROUP BY type ORDER BY count(*) DESC, type;

-- case: how cases begin and end
WITH ends AS (
	SELECT DISTINCT stream, first_value(type) OVER w AS first_type, last_value(type) OVER w AS last_type FROM events WHERE stream LIKE 'permit-%'
	WINDOW w AS (PARTITION BY stream ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT first_type, last_type, count(*) FROM ends GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- case: last event through the streams table
SELECT e.stream, e.type FROM streams s JOIN events e ON e.position = s.last_position
WHERE s.category = 'order' ORDER BY e.stream;

-- case: open cases, never closed
SELECT s.stream, s.version FROM streams s
WHERE s.category = 'permit' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.stream_id = s.stream_id AND e.type LIKE 'T10%')
ORDER BY s.version DESC, s.stream LIMIT 20;

-- case: bottleneck, the slowest transitions
WITH steps AS (
	SELECT type, lag(type) OVER w AS before, (payload->>'occurred_at')::timestamptz - lag((payload->>'occurred_at')::timestamptz) OVER w AS waited
	FROM events WHERE stream LIKE 'permit-%' WINDOW w AS (PARTITION BY stream_id ORDER BY version)
)
SELECT before || ' → ' || type AS transition, count(*) AS n, sum(waited) AS total, rank() OVER (ORDER BY sum(waited) DESC) AS rank
FROM steps WHERE before IS NOT NULL GROUP BY before, type ORDER BY rank, transition LIMIT 10;

-- case: conformance, check before determine
SELECT count(*) AS cases, count(*) FILTER (WHERE checked IS NULL) AS never_checked, count(*) FILTER (WHERE determined < checked) AS too_early
FROM (SELECT stream, min(position) FILTER (WHERE type LIKE 'T02%') AS checked, min(position) FILTER (WHERE type LIKE 'T04%') AS determined
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream) c;

-- case: conformance with a pattern over the trace
SELECT trace ~ '^C(2[2346]*)?4' AS conforms, count(*) FROM (
	SELECT string_agg(CASE WHEN type = 'Confirmation of receipt' THEN 'C' ELSE substr(type, 3, 1) END, '' ORDER BY version) AS trace
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream) t
GROUP BY 1 ORDER BY 1;

-- case: four eyes violated
SELECT a.stream, a.payload->>'resource' AS resource
FROM events a JOIN events b USING (stream_id)
WHERE a.type LIKE 'T04%' AND b.type LIKE 'T05%' AND a.payload->>'resource' = b.payload->>'resource' AND a.stream LIKE 'permit-12%'
ORDER BY a.stream, 2, a.version, b.version;

-- case: share of four eyes
WITH pairs AS (
	SELECT stream, max(payload->>'resource') FILTER (WHERE type LIKE 'T02%') AS checker, max(payload->>'resource') FILTER (WHERE type LIKE 'T04%') AS decider
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
)
SELECT checker = decider AS same_hands, count(*), round(count(*)::numeric / sum(count(*)) OVER (), 3) AS share
FROM pairs GROUP BY 1 ORDER BY 1 NULLS LAST;

-- case: case attributes
SELECT payload->>'channel' AS channel, payload->>'department' AS department, count(DISTINCT stream) AS cases
FROM events WHERE type = 'Confirmation of receipt' GROUP BY 1, 2 ORDER BY cases DESC, 1, 2;

-- case: channel against length
SELECT channel, count(*) AS cases, avg(steps) AS mean_steps, min(steps), max(steps), mode() WITHIN GROUP (ORDER BY steps) AS usual
FROM (SELECT stream, min(payload->>'channel') AS channel, count(*) AS steps FROM events WHERE stream LIKE 'permit-%' GROUP BY stream) c
GROUP BY channel ORDER BY cases DESC, channel;

-- case: histogram of case length
SELECT steps, count(*) AS cases, repeat('#', (count(*) / 50)::int) AS bar
FROM (SELECT count(*) AS steps FROM events WHERE stream LIKE 'permit-%' GROUP BY stream_id) c GROUP BY steps ORDER BY steps;

-- case: histogram of throughput in buckets
SELECT width_bucket(days, 0, 30, 6) AS bucket, count(*) AS cases, min(days), max(days)
FROM (SELECT round(extract(epoch FROM max((payload->>'occurred_at')::timestamptz) - min((payload->>'occurred_at')::timestamptz)) / 86400, 3) AS days
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream_id) c
GROUP BY bucket ORDER BY bucket;

-- case: deadline met
SELECT (max((payload->>'occurred_at')::timestamptz) <= max((payload->>'deadline')::timestamptz)) AS met, stream
FROM events WHERE stream LIKE 'permit-11%' GROUP BY stream ORDER BY met, stream LIMIT 20;

-- case: share of deadlines met
SELECT met, count(*) FROM (
	SELECT max((payload->>'occurred_at')::timestamptz) <= max((payload->>'deadline')::timestamptz) AS met
	FROM events WHERE stream LIKE 'permit-%' GROUP BY stream) d GROUP BY met ORDER BY met NULLS FIRST;

-- case: working hours
-- zone: Europe/Amsterdam
SELECT extract(isodow FROM at) IN (6, 7) AS weekend, extract(hour FROM at) BETWEEN 8 AND 17 AS office_hours, count(*)
FROM (SELECT (payload->>'occurred_at')::timestamptz AS at FROM events WHERE stream LIKE 'permit-%') e GROUP BY 1, 2 ORDER BY 1, 2;

-- case: working days between first and last
WITH spans AS (
	SELECT stream, min((payload->>'occurred_at')::timestamptz)::date AS a, max((payload->>'occurred_at')::timestamptz)::date AS b
	FROM events WHERE stream IN ('permit-891', 'permit-3756', 'permit-9289') GROUP BY stream
)
SELECT stream, a, b, b - a AS days, count(*) FILTER (WHERE extract(isodow FROM d) < 6) AS working_days
FROM spans, generate_series(a::timestamp, b::timestamp, interval '1 day') AS g(d) GROUP BY stream, a, b ORDER BY stream;

-- case: hour of day by weekday
SELECT extract(isodow FROM at)::int AS weekday, count(*) FILTER (WHERE extract(hour FROM at) < 12) AS morning, count(*) FILTER (WHERE extract(hour FROM at) >= 12) AS afternoon
FROM (SELECT (payload->>'occurred_at')::timestamptz AS at FROM events WHERE payload ? 'occurred_at') e GROUP BY 1 ORDER BY 1;

-- case: work in progress by day
WITH spans AS (
	SELECT min((payload->>'occurred_at')::timestamptz) AS a, max((payload->>'occurred_at')::timestamptz) AS b FROM events WHERE stream LIKE 'permit-%' GROUP BY stream
), changes AS (
	SELECT a::date AS day, 1 AS delta FROM spans UNION ALL SELECT b::date, -1 FROM spans
)
SELECT day, sum(delta) AS change, sum(sum(delta)) OVER (ORDER BY day) AS in_progress FROM changes GROUP BY day ORDER BY day LIMIT 30;

-- case: arrivals per week with gaps filled
WITH weeks AS (
	SELECT generate_series(timestamptz '2010-10-04', '2010-12-27', '1 week') AS week
), arrivals AS (
	SELECT date_trunc('week', (payload->>'occurred_at')::timestamptz) AS week, count(*) AS n FROM events WHERE type = 'Confirmation of receipt' GROUP BY 1
)
SELECT week, coalesce(n, 0) AS n FROM weeks LEFT JOIN arrivals USING (week) ORDER BY week;

-- case: moving average of arrivals
WITH daily AS (
	SELECT ((payload->>'occurred_at')::timestamptz)::date AS day, count(*) AS n FROM events WHERE type = 'Confirmation of receipt' GROUP BY 1
)
SELECT day, n, round(avg(n) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW), 2) AS weekly FROM daily ORDER BY day LIMIT 40;

-- case: time since the case began
SELECT version, type, (payload->>'occurred_at')::timestamptz - first_value((payload->>'occurred_at')::timestamptz) OVER (PARTITION BY stream ORDER BY version) AS age
FROM events WHERE stream = 'permit-9289' ORDER BY version;

-- case: sessions by a gap of an hour
WITH gaps AS (
	SELECT version, (payload->>'occurred_at')::timestamptz AS at,
		CASE WHEN (payload->>'occurred_at')::timestamptz - lag((payload->>'occurred_at')::timestamptz) OVER (ORDER BY version) < interval '1 hour' THEN 0 ELSE 1 END AS fresh
	FROM events WHERE stream = 'permit-9289'
), numbered AS (
	SELECT *, sum(fresh) OVER (ORDER BY version) AS session FROM gaps
)
SELECT session, count(*) AS steps, min(at) AS began, max(at) - min(at) AS lasted FROM numbered GROUP BY session ORDER BY session;

-- case: islands of consecutive resource
WITH numbered AS (
	SELECT version, payload->>'resource' AS resource,
		version - row_number() OVER (PARTITION BY payload->>'resource' ORDER BY version) AS island
	FROM events WHERE stream = 'permit-9289'
)
SELECT resource, min(version) AS from_version, max(version) AS to_version, count(*) AS steps FROM numbered GROUP BY resource, island ORDER BY from_version;

-- case: parallel tags per case
SELECT tag, count(*) AS events, count(DISTINCT stream) AS cases FROM events, unnest(tags) AS tag
WHERE tag LIKE 'group:%' GROUP BY tag ORDER BY events DESC, tag;

-- case: responsible is not the resource
SELECT metadata->>'responsible' = payload->>'resource' AS own_work, count(*) FROM events WHERE stream LIKE 'permit-%' GROUP BY 1 ORDER BY 1;

-- case: pivot of types by channel
SELECT type, count(*) FILTER (WHERE payload->>'channel' = 'Internet') AS internet, count(*) FILTER (WHERE payload->>'channel' = 'Desk') AS desk,
	count(*) FILTER (WHERE payload->>'channel' NOT IN ('Internet', 'Desk')) AS other, count(*) AS total
FROM events WHERE stream LIKE 'permit-%' GROUP BY type ORDER BY type;

-- case: current state by fold
SELECT stream, (array_agg(payload->>'customer' ORDER BY version))[1] AS customer,
	(array_agg(type ORDER BY version DESC))[1] AS state, max((payload->>'total')::numeric) AS total,
	bool_or((payload->>'paid')::boolean) AS paid
FROM events WHERE stream LIKE 'order-%' GROUP BY stream ORDER BY stream;

-- case: latest payload value not null
SELECT DISTINCT ON (stream) stream, payload->>'method' AS method FROM events
WHERE stream LIKE 'order-%' AND payload->>'method' IS NOT NULL ORDER BY stream, version DESC;

-- case: types missing from a case
SELECT t.type FROM (SELECT DISTINCT type FROM events WHERE stream LIKE 'permit-%') t
WHERE NOT EXISTS (SELECT FROM events e WHERE e.stream = 'permit-9289' AND e.type = t.type) ORDER BY t.type;

-- case: longest streams
SELECT stream, version + 1 AS events FROM streams WHERE category = 'permit' ORDER BY version DESC, stream LIMIT 10;

-- case: events between two others
SELECT e.version, e.type FROM events e
WHERE e.stream = 'permit-9289' AND e.position > (SELECT min(position) FROM events WHERE stream = 'permit-9289' AND type LIKE 'T02%')
	AND e.position < (SELECT max(position) FROM events WHERE stream = 'permit-9289' AND type LIKE 'T0%') ORDER BY e.version;

-- case: revenue by customer and month
SELECT payload->>'customer' AS customer, date_trunc('month', (payload->>'at')::timestamptz) AS month,
	sum((payload->>'total')::numeric) AS total, round(avg((payload->>'total')::numeric), 2) AS mean
FROM events WHERE type = 'OrderPlaced' GROUP BY 1, 2 ORDER BY 1, 2;
