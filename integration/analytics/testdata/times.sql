-- Dates, times, intervals and time zones.

-- case: literals
-- difference: time with time zone is not there
-- eventgres-error: 0A000
SELECT date '2024-02-29' AS d, time '13:14:15.5' AS t, timestamp '2024-02-29 13:14:15.123456' AS ts, timestamptz '2024-02-29 13:14:15+02' AS tz, interval '1 day 02:03:04' AS i, timetz '13:00+01' AS ttz;

-- case: literals in a zone
-- zone: America/New_York
SELECT timestamptz '2024-02-29 13:14:15+02' AS a, timestamptz '2024-07-01 00:00' AS b, '2024-07-01 00:00 Europe/Paris'::timestamptz AS c, timestamp '2024-07-01 00:00+05' AS d;

-- case: zones with half hours
-- zone: Asia/Kolkata
SELECT timestamptz '2024-01-01 00:00Z' AS a, timestamptz '1900-01-01 00:00Z' AS b;

-- case: zone as an offset
-- zone: -03:30
SELECT timestamptz '2024-01-01 00:00Z' AS a;

-- case: occurred_at in a zone
-- zone: Europe/Amsterdam
SELECT version, (payload->>'occurred_at')::timestamptz AS at, (payload->>'occurred_at')::timestamp AS naive, (payload->>'occurred_at')::date AS day FROM events WHERE stream = 'permit-891' ORDER BY version;

-- case: date_trunc
SELECT unit, date_trunc(unit, timestamp '2024-08-15 13:14:15.678901') AS t FROM unnest(ARRAY['microseconds', 'milliseconds', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'decade', 'century', 'millennium']) WITH ORDINALITY AS u(unit, n) ORDER BY n;

-- case: date_trunc of timestamptz in a zone
-- zone: Europe/Amsterdam
SELECT date_trunc('day', timestamptz '2024-03-31 12:00Z') AS a, date_trunc('month', timestamptz '2024-03-31 23:30Z') AS b, date_trunc('hour', timestamptz '2024-10-27 00:30Z') AS c, date_trunc('day', date '2024-03-31') AS d;

-- case: date_trunc with a zone
SELECT date_trunc('day', timestamptz '2024-03-31 23:30Z', 'Europe/Amsterdam') AS a, date_trunc('month', timestamptz '2024-03-31 23:30Z', 'Australia/Sydney') AS b;

-- case: date_trunc of an interval
SELECT date_trunc('hour', interval '2 days 3 hours 40 minutes') AS a, date_trunc('month', interval '1 year 5 months 3 days') AS b;

-- case: date_trunc of an unknown unit
-- error: 22023
SELECT date_trunc('fortnight', timestamp '2024-01-01');

-- case: extract of a timestamp
SELECT extract(year FROM t) AS y, extract(month FROM t) AS mo, extract(day FROM t) AS d, extract(hour FROM t) AS h, extract(minute FROM t) AS mi, extract(second FROM t) AS s, extract(milliseconds FROM t) AS ms, extract(microseconds FROM t) AS us, extract(epoch FROM t) AS e FROM (VALUES (timestamp '2024-08-15 13:14:15.678901')) v(t);

-- case: extract of calendars
SELECT extract(dow FROM d) AS dow, extract(isodow FROM d) AS isodow, extract(doy FROM d) AS doy, extract(week FROM d) AS week, extract(isoyear FROM d) AS isoyear, extract(quarter FROM d) AS q, extract(decade FROM d) AS de, extract(century FROM d) AS c, extract(millennium FROM d) AS m, extract(julian FROM d) AS j FROM (VALUES (date '2023-01-01'), ('2024-12-30'), ('2000-02-29')) v(d) ORDER BY d;

-- case: extract of a zone
-- zone: America/St_Johns
SELECT extract(timezone FROM t) AS z, extract(timezone_hour FROM t) AS h, extract(timezone_minute FROM t) AS m, extract(hour FROM t) AS hour, extract(epoch FROM t) AS e FROM (VALUES (timestamptz '2024-08-15 12:00Z')) v(t);

-- case: extract of an interval
SELECT extract(epoch FROM i) AS e, extract(day FROM i) AS d, extract(hour FROM i) AS h, extract(month FROM i) AS mo, extract(year FROM i) AS y, extract(second FROM i) AS s FROM (VALUES (interval '1 year 2 months 3 days 25:06:07.5')) v(i);

-- case: date_part is a float
SELECT date_part('hour', t) AS h, date_part('epoch', t) AS e, date_part('second', t) AS s, date_part('dow', t) AS d, pg_typeof(date_part('year', t)), pg_typeof(extract(year FROM t)) FROM (VALUES (timestamp '2024-08-15 13:14:15.5')) v(t);

-- case: extract of a unit a date has not
-- error: 0A000
SELECT extract(hour FROM date '2024-01-01');

-- case: age
SELECT age(timestamp '2024-03-31', timestamp '2024-02-29') AS a, age(timestamp '2024-03-01', '2023-01-31 12:00') AS b, age(timestamp '2020-01-01', timestamp '2024-05-06 07:08:09') AS c, age(timestamptz '2024-01-01Z', '2024-01-01Z') AS d;

-- case: differences
SELECT timestamp '2024-03-01' - timestamp '2024-02-28 12:00' AS a, date '2024-03-01' - date '2024-02-28' AS b, timestamptz '2024-01-02Z' - '2024-01-01Z' AS c, time '12:00' - time '11:30' AS d, pg_typeof(date '2024-01-01' - date '2023-01-01') AS e, timestamp '2024-01-01' - date '2023-12-31' AS f;

-- case: date arithmetic
SELECT date '2024-02-28' + 2 AS a, date '2024-03-01' - 1 AS b, date '2024-01-31' + interval '1 month' AS c, date '2024-01-01' + time '12:30' AS d, 5 + date '2024-01-01' AS e, pg_typeof(date '2024-01-01' + interval '1 day') AS f;

-- case: timestamp arithmetic
SELECT timestamp '2024-01-31' + interval '1 month' AS a, timestamp '2024-03-31' - interval '1 month' AS b, timestamp '2024-02-29' + interval '1 year' AS c, timestamp '2024-01-01' + interval '-1 microsecond' AS d, timestamptz '2024-01-01Z' + interval '36 hours' AS e;

-- case: a day is not 24 hours when the clock changes
-- zone: Europe/Amsterdam
SELECT timestamptz '2024-03-30 12:00' + interval '1 day' AS a, timestamptz '2024-03-30 12:00' + interval '24 hours' AS b, timestamptz '2024-03-31 12:00' - timestamptz '2024-03-30 12:00' AS c, timestamptz '2024-10-27 12:00' - timestamptz '2024-10-26 12:00' AS d;

-- case: times that do not exist or exist twice
-- zone: Europe/Amsterdam
SELECT timestamptz '2024-03-31 02:30' AS gap, timestamptz '2024-10-27 02:30' AS twice, timestamp '2024-03-31 02:30' AT TIME ZONE 'Europe/Amsterdam' AS g, timestamptz '2024-10-27 00:30Z' AS first, timestamptz '2024-10-27 01:30Z' AS second;

-- case: at time zone
SELECT timestamptz '2024-07-01 12:00Z' AT TIME ZONE 'Europe/Amsterdam' AS a, timestamp '2024-07-01 12:00' AT TIME ZONE 'Europe/Amsterdam' AS b, timestamp '2024-07-01 12:00' AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS c, timestamptz '2024-07-01 12:00Z' AT TIME ZONE '+02:00' AS d, timestamptz '2024-07-01 12:00Z' AT TIME ZONE interval '2 hours' AS e;

-- case: at time zone in a zone
-- zone: America/New_York
SELECT timestamptz '2024-07-01 12:00Z' AT TIME ZONE 'UTC' AS a, timestamp '2024-07-01 12:00' AT TIME ZONE 'UTC' AS b, timezone('UTC', timestamp '2024-07-01 12:00') AS c;

-- case: unknown zone
-- error: 22023
SELECT now() AT TIME ZONE 'Mars/Olympus';

-- case: zone abbreviations
SELECT timestamp '2024-07-01 12:00' AT TIME ZONE 'EST' AS a, timestamptz '2024-07-01 12:00 CET' AS b, timestamptz '2024-07-01 12:00 PDT' AS c;

-- case: casts between times
-- zone: Europe/Amsterdam
SELECT (timestamptz '2024-06-30 23:00Z')::date AS a, (timestamp '2024-01-01 12:00')::timestamptz AS b, (timestamptz '2024-01-01 12:00Z')::timestamp AS c, date '2024-07-01'::timestamptz AS d, (timestamp '2024-01-01 12:34')::time AS e, (timestamptz '2024-01-01 12:00Z')::time AS f;

-- case: interval output
SELECT i FROM (VALUES (1, interval '0'), (2, '1 second'), (3, '-1 day'), (4, '1 year 2 mons 3 days 04:05:06.789'), (5, '-1 mon +3 days -04:00'), (6, '100 hours'), (7, '1.5 days'), (8, '0.5 month'), (9, '1 week'), (10, '-00:00:00.000001'), (11, '1 day -1 hour')) v(n, i) ORDER BY n;

-- case: interval input
SELECT interval 'P1Y2M3DT4H5M6S' AS a, interval '1-2' AS b, interval '3 4:05:06' AS c, interval '90' second AS d, interval '2' hour AS e, interval '1 day ago' AS f, '5 min'::interval AS g, interval '1.25 hours' AS h;

-- case: interval arithmetic
SELECT interval '1 day' * 1.5 AS a, interval '1 month' / 2 AS b, interval '1 hour' + interval '30 min' AS c, - interval '1 day' AS d, 2 * interval '3 hours' AS e, interval '1 day' - interval '1 hour' AS f, interval '7 days' / 3 AS g;

-- case: interval comparison
SELECT interval '1 month' = interval '30 days' AS a, interval '24 hours' = interval '1 day' AS b, interval '1 year' > interval '360 days' AS c, interval '1 year' = interval '12 months' AS d;

-- case: justify
SELECT justify_days(interval '35 days') AS a, justify_hours(interval '27 hours') AS b, justify_interval(interval '1 mon -1 hour') AS c;

-- case: make
SELECT make_date(2024, 2, 29) AS a, make_time(1, 2, 3.5) AS b, make_timestamp(2024, 1, 2, 3, 4, 5.5) AS c, make_interval(years => 1, days => 2, secs => 3.5) AS d, make_interval(1, 2, 3, 4) AS e, make_timestamptz(2024, 1, 2, 3, 4, 5, 'Europe/Amsterdam') AS f;

-- case: make of an impossible date
-- error: 22008
SELECT make_date(2023, 2, 29);

-- case: impossible date
-- error: 22008
SELECT date '2023-02-29';

-- case: bad date
-- error: 22007
SELECT 'yesterday-ish'::date;

-- case: to_timestamp
SELECT to_timestamp(0) AS a, to_timestamp(1700000000.5) AS b, to_timestamp('2024-03-05 14', 'YYYY-MM-DD HH24') AS c, to_date('05/03/2024', 'DD/MM/YYYY') AS d, to_timestamp('5 Mar 2024', 'DD Mon YYYY') AS e;

-- case: to_char of a timestamp
SELECT to_char(t, 'YYYY-MM-DD HH24:MI:SS.MS') AS a, to_char(t, 'Day, DD Month YYYY') AS b, to_char(t, 'FMDay FMDD FMMonth') AS c, to_char(t, 'HH12:MI AM') AS d, to_char(t, 'IYYY-"W"IW-ID') AS e, to_char(t, 'Q DDD D J') AS f, to_char(t, 'Dy Mon dy MON') AS g, to_char(t, 'US') AS h, to_char(t, 'DDth') AS i, to_char(t, 'YY Y,YYY CC') AS j FROM (VALUES (timestamp '2024-03-05 14:07:09.012345')) v(t);

-- case: to_char of a timestamptz
-- zone: Europe/Amsterdam
SELECT to_char(timestamptz '2024-07-01 12:00Z', 'YYYY-MM-DD"T"HH24:MI:SSOF') AS a, to_char(timestamptz '2024-01-01 12:00Z', 'HH24 TZ TZH:TZM') AS b;

-- case: to_char of an interval
SELECT to_char(interval '1 day 15:02:03', 'HH24:MI:SS') AS a, to_char(interval '15:02:03', 'HH12:MI') AS b, to_char(interval '3 days', 'DD') AS c;

-- case: to_char by month of events
SELECT to_char((payload->>'occurred_at')::timestamptz, 'YYYY-MM') AS month, count(*) FROM events WHERE stream LIKE 'permit-%' GROUP BY 1 ORDER BY 1;

-- case: date_bin
SELECT date_bin('15 minutes', timestamp '2024-01-01 12:37:05', timestamp '2024-01-01') AS a, date_bin('1 day', timestamptz '2024-01-01 12:37Z', timestamptz '2000-01-01 06:00Z') AS b;

-- case: overlaps
SELECT (date '2024-01-01', date '2024-01-10') OVERLAPS (date '2024-01-09', date '2024-01-20') AS a, (date '2024-01-01', interval '1 day') OVERLAPS (date '2024-01-02', interval '1 day') AS b, (timestamp '2024-01-01', timestamp '2024-01-01') OVERLAPS (timestamp '2024-01-01', timestamp '2024-01-02') AS c;

-- case: series of timestamps
SELECT t FROM generate_series(timestamp '2024-01-30', '2024-02-02', '12 hours') AS t ORDER BY t;

-- case: series of timestamptz across a change of the clock
-- zone: Europe/Amsterdam
SELECT t FROM generate_series(timestamptz '2024-03-30 00:00', '2024-04-01 00:00', '1 day') AS t ORDER BY t;

-- case: series of months
SELECT t::date AS first FROM generate_series(timestamp '2024-01-31', '2024-05-31', '1 month') AS t ORDER BY t;

-- case: series of dates
SELECT d::date FROM generate_series(date '2024-02-27', date '2024-03-01', interval '1 day') AS d ORDER BY d;

-- case: now is one instant
SELECT now() = transaction_timestamp() AS a, now() = current_timestamp AS b, current_date = now()::date AS c, now() <= clock_timestamp() AS d, localtimestamp = now()::timestamp AS e, statement_timestamp() >= now() AS f;

-- case: now is later than every event
SELECT count(*) FROM events WHERE recorded_at > now();

-- case: types of now
-- difference: time with time zone is not there
-- eventgres-error: 0A000
SELECT pg_typeof(now()), pg_typeof(current_date), pg_typeof(current_time), pg_typeof(localtimestamp), pg_typeof(localtime), pg_typeof(now() - now());

-- case: special values
SELECT 'epoch'::timestamp AS a, 'infinity'::timestamp AS b, '-infinity'::date AS c, isfinite(timestamp 'infinity') AS d, 'infinity'::timestamptz > now() AS e;

-- case: far away
SELECT date '0001-01-01' AS a, date '0044-03-15 BC' AS b, timestamp '9999-12-31 23:59:59.999999' AS c, date '12024-01-01' AS d, timestamp '1582-10-10' AS e;

-- case: precision
SELECT timestamp(0) '2024-01-01 12:00:00.5' AS a, timestamp '2024-01-01 12:00:00.1234567' AS b, (timestamp '2024-01-01 12:00:00.987654')::timestamp(3) AS c, timestamp '2024-01-01 12:00:00.100' AS d, time(1) '12:00:00.25' AS e;

-- case: comparisons across types
-- zone: Europe/Amsterdam
SELECT date '2024-01-01' = timestamp '2024-01-01' AS a, timestamptz '2023-12-31 23:00Z' = date '2024-01-01' AS b, timestamp '2024-01-01' < timestamptz '2024-01-01 00:00Z' AS c, '2024-01-01' < date '2024-01-02' AS d;

-- case: filter by a date
SELECT count(*) FROM events WHERE (payload->>'occurred_at')::date = '2010-10-05';

-- case: filter by a range
SELECT count(*) FROM events WHERE (payload->>'occurred_at')::timestamptz >= '2010-10-05' AND (payload->>'occurred_at')::timestamptz < '2010-10-05'::timestamptz + interval '7 days';

-- case: filter by a range in a zone
-- zone: Pacific/Auckland
SELECT count(*) FROM events WHERE (payload->>'occurred_at')::timestamptz BETWEEN '2010-10-05' AND '2010-10-06';

-- case: filter by parts
SELECT count(*) FROM events WHERE extract(month FROM (payload->>'occurred_at')::timestamptz) = 12 AND extract(dow FROM (payload->>'occurred_at')::timestamptz) BETWEEN 1 AND 5;

-- case: month ends
SELECT m, (date_trunc('month', m) + interval '1 month - 1 day')::date AS last FROM (VALUES (date '2024-02-10'), ('2023-02-10'), ('2024-12-31')) v(m) ORDER BY m;

-- case: time of day
SELECT time '23:30' + interval '1 hour' AS a, time '12:00' > time '11:59:59' AS b, time '24:00' AS c, extract(hour FROM time '13:14') AS d, time '12:00' - interval '13 hours' AS e;

-- case: events of the shop in a zone
-- zone: Europe/Amsterdam
SELECT stream, type, (payload->>'at')::timestamptz AS at, date_trunc('day', (payload->>'at')::timestamptz) AS day FROM events WHERE stream LIKE 'order-%' ORDER BY position;

-- case: recorded_at against created_at
SELECT count(*) FROM streams s JOIN events e ON e.position = s.first_position WHERE e.recorded_at <> s.created_at;

-- case: recorded_at as it is
SELECT recorded_at FROM events ORDER BY position LIMIT 3;

-- case: recorded_at never decreases
SELECT bool_and(ok) FROM (SELECT recorded_at >= lag(recorded_at) OVER (ORDER BY position) AS ok FROM events) t;
