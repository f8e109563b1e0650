#!/usr/bin/env bash
# The analytical path: the same queries on the same events against PostgreSQL 15 with its
# default settings, against Eventgres, and against DuckDB alone in a process of its own
# (integration/bench/duckdb), in turns; then what keeping the projection costs.
#
#   integration/bench/analytics.sh [events] [rounds]
#
# Needs postgresql (server, psql, pgbench) and, as root, the user postgres. Builds
# bin/eventgres. With a million events it takes about five minutes.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
events=${1:-1000000} rounds=${2:-7}
streams=$((events / 20)) events=$((events / 20 * 20))
if [ -z "${ANALYTICS_BOUNDED:-}" ]; then
	export ANALYTICS_BOUNDED=1
	exec timeout --foreground -k 30 $((1200 + events / 500)) "$BASH" "integration/bench/$(basename "$0")" "$events" "$rounds"
fi
seconds=${SECONDS_BENCH:-6}
memory=1024 threads=2 niceness=15 # the worker's, and DuckDB's alone
bin=$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin)
work=$(mktemp -d)
chmod 755 "$work"
server='' alone='' loop=''

as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() { # pid
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
cleanup() {
	rm -f "$work/busy"
	stop "$loop"
	stop "$alone"
	stop "$server"
	as_postgres "$bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}
pgport=$(free_port) egport=$(free_port)
while [ "$egport" = "$pgport" ]; do egport=$(free_port); done

# One statement may take two minutes.
pg() { timeout 120 psql -XqAt -h 127.0.0.1 -p "$pgport" -U postgres postgres "$@"; }
eg() { timeout 120 psql -XqAt -h 127.0.0.1 -p "$egport" -U postgres events "$@"; }
now() { date +%s%N; }
ms() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", (b - a) / 1e6 }'; }
per_second() { awk -v n="$1" -v ms="$2" 'BEGIN { printf "%.0f", n * 1000 / ms }'; }
bytes() { du -cb "$@" | awk 'END { print $1 }'; }
uncached() { # files; their pages leave the system's cache
	find "$@" -type f -exec dd if={} iflag=nocache count=0 status=none \;
}
# Runs a command every 10 ms until it writes what a file has, for two minutes at most.
until_answer() { # file command...
	local want=$1 end=$((SECONDS + 120))
	shift
	until "$@" 2>/dev/null | cmp -s - "$want"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.01
	done
}

start_eg() {
	"$work/eventgres" serve --data "$work/eg" --listen "127.0.0.1:$egport" --worker-memory $((memory << 20)) 2>"$work/eg.log" &
	server=$!
}
stop_eg() {
	stop "$server"
	server=''
}
start_pg() {
	as_postgres "$bin/pg_ctl" -D "$work/pg" -o "-p $pgport -k ''" -l "$work/pg/log" "$@" start >/dev/null
}
start_alone() { # arguments
	coproc DUCK { exec nice -n "$niceness" "$work/duckdb" -db "$work/alone.duckdb" -memory "$memory" -threads "$threads" "$@"; }
	# shellcheck disable=SC2153 # coproc sets it
	alone=$DUCK_PID
}
stop_alone() {
	eval "exec ${DUCK[1]}>&-"
	wait "$alone"
	alone=''
}
ask_alone() { # query [file]
	local line
	echo "$*" >&"${DUCK[1]}"
	read -rt 120 line <&"${DUCK[0]}"
	echo "$line"
}

# The queries, as PostgreSQL has them; integration/bench/duckdb has DuckDB's.
names=(count types hours occurred top lag pairs)
declare -A title sql
title[count]="count(*)"
sql[count]="SELECT count(*) FROM events"
title[types]="count by type"
sql[types]="SELECT type, count(*) FROM events GROUP BY type ORDER BY type"
title[hours]="JSON sum by hour of recorded_at"
sql[hours]="SELECT date_trunc('hour', recorded_at) AS hour, sum((payload->>'amount')::numeric) FROM events GROUP BY 1 ORDER BY 1"
title[occurred]="JSON sum by hour of JSON occurred_at"
sql[occurred]="SELECT date_trunc('hour', (payload->>'occurred_at')::timestamptz) AS hour, sum((payload->>'amount')::numeric) FROM events GROUP BY 1 ORDER BY 1"
title[top]="top 5 streams by count"
sql[top]="SELECT stream_id, count(*) AS n FROM events GROUP BY stream_id ORDER BY n DESC, stream_id LIMIT 5"
title[lag]="average gap within streams, by type"
sql[lag]="SELECT type, avg(gap) FROM (SELECT type, recorded_at - lag(recorded_at) OVER (PARTITION BY stream_id ORDER BY version) AS gap FROM events) g GROUP BY type ORDER BY type"
title[pairs]="consecutive types (self-join)"
sql[pairs]="SELECT a.type, b.type, count(*) FROM events a JOIN events b ON b.stream_id = a.stream_id AND b.version = a.version + 1 GROUP BY 1, 2 ORDER BY 1, 2"

# The session is warm: its first statement, which is not timed, goes the same way.
timed() { # pg|eg query
	"$1" -c "SELECT type, count(*) FROM events WHERE position < 5 GROUP BY type" -c '\timing on' -c "$2" | awk '/^Time: / { print $2 }'
}
summary() { # file with a figure a line → median min-max
	sort -n "$1" | awk '{ v[NR] = $1 } END {
		digits = v[1] < 1 ? 2 : v[1] < 10
		printf "%.*f", digits, v[int((NR + 1) / 2)]
		if (NR > 1) printf " %.*f-%.*f", digits, v[1], digits, v[NR]
	}'
}
ratio() { # a b, each "median …"; a/b
	awk -v a="${1%% *}" -v b="${2%% *}" 'BEGIN { if (a > 0 && b > 0) printf "%.2f", a / b; else printf "-" }'
}
row() { # title unit postgres eventgres duckdb [note]
	local cell cells=()
	for cell in "$3" "$4" "$5"; do cells+=("$(printf '%s\n' "${cell:--}" | awk '{ printf "%10s  %-13s", $1, $2 }')"); done
	printf '%-40s %-5s %s %s %s %7s %9s  %s\n' "$1" "$2" "${cells[@]}" "$(ratio "$3" "$4")" "$(ratio "$4" "$5")" "${6:-}"
}
load() { cut -d' ' -f1-3 /proc/loadavg; }

echo "building" >&2
make -s build >&2
cp bin/eventgres "$work/eventgres"
CGO_ENABLED=1 go build -o "$work/duckdb" ./integration/bench/duckdb
go build -o "$work/gen" ./integration/bench/gen

echo "loading $events events in $streams streams" >&2
mkdir "$work/pg" "$work/samples"
[ "$(id -u)" = 0 ] && chown postgres "$work/pg"
as_postgres "$bin/initdb" -D "$work/pg" -A trust -U postgres -E UTF8 --locale=C >/dev/null
start_pg -w
start_eg
"$work/gen" -events "$events" >"$work/events.copy"
until grep -q msg=listening "$work/eg.log"; do
	kill -0 "$server"
	sleep 0.05
done
eg -c "\\copy events (stream_id, version, type, payload, metadata) from '$work/events.copy'"
rm "$work/events.copy"
# The others get what Eventgres recorded.
columns="position, stream_id, version, event_id, type, payload, metadata, recorded_at"
eg -c "SET timezone = 'UTC'" -c "\\copy (SELECT $columns FROM events) to '$work/events.csv' with (format csv)"
pg -c "CREATE TABLE events (position bigserial PRIMARY KEY, stream_id uuid NOT NULL, version bigint NOT NULL,
	event_id uuid NOT NULL DEFAULT gen_random_uuid(), type text NOT NULL, payload jsonb, metadata jsonb,
	recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream_id, version), UNIQUE (event_id))"
pg -c "\\copy events ($columns) from '$work/events.csv' with (format csv)"
pg -c "SELECT setval('events_position_seq', $events)" >/dev/null
pg -c "VACUUM ANALYZE events" -c CHECKPOINT
start_alone -csv "$work/events.csv"
read -rt 300 _ loaded <&"${DUCK[0]}"
rm "$work/events.csv"

printf '%s events in %s streams, %s rounds, %s; load %s\n\n' "$events" "$streams" "$rounds" "$(date -u '+%F %H:%M UTC')" "$(load)"
printf '%-40s %-5s %-25s %-25s %-25s %7s %9s\n' "" unit "  PostgreSQL 15  min-max" "      Eventgres  min-max" "   DuckDB alone  min-max" PG/EG EG/DuckDB
for name in "${names[@]}"; do
	note=''
	pg -c "SET timezone = 'UTC'" -c "${sql[$name]}" >"$work/pg.answer"
	eg -c "SET timezone = 'UTC'" -c "${sql[$name]}" >"$work/eg.answer"
	ask_alone "$name" "$work/duckdb.answer" >/dev/null
	cmp -s "$work/pg.answer" "$work/eg.answer" || note="Eventgres's answer differs from PostgreSQL's"
	# DuckDB's times have no zone.
	sed -i 's/+00|/|/' "$work/eg.answer"
	cmp -s "$work/duckdb.answer" "$work/eg.answer" || note="$note DuckDB's answer differs"
	if [ "$note" ] && [ "${KEEP_ANSWERS:-}" ]; then cp "$work"/*.answer "$KEEP_ANSWERS"; fi
	for side in pg eg duckdb; do : >"$work/samples/$side"; done
	before=$(load)
	for _ in $(seq "$rounds"); do
		timed pg "${sql[$name]}" >>"$work/samples/pg"
		timed eg "${sql[$name]}" >>"$work/samples/eg"
		ask_alone "$name" >>"$work/samples/duckdb"
	done
	row "${title[$name]}" ms "$(summary "$work/samples/pg")" "$(summary "$work/samples/eg")" "$(summary "$work/samples/duckdb")" \
		"load ${before%% *}${note:+; $note}"
done

# The projection, from nothing: until an analytical count has every event.
eg -c "${sql[types]}" >"$work/types.answer"
: >"$work/samples/eg"
lines=''
for _ in 1 2 3; do
	stop_eg
	rm -rf "$work/eg"/analytics.duckdb*
	a=$(now)
	start_eg
	until_answer "$work/types.answer" eg -c "${sql[types]}"
	b=$(now)
	per_second "$events" "$(ms "$a" "$b")" >>"$work/samples/eg"
	echo >>"$work/samples/eg"
	lines+=$(sed -n 's/.*filled the projection.*events_per_second=\([0-9]*\).*/ \1/p' "$work/eg.log")
done
row "catch-up from nothing, start to answer" ev/s "" "$(summary "$work/samples/eg")" "$(per_second "$events" "$loaded")" "worker's own:${lines:- less than 2 s}; DuckDB reads CSV"

# A start on what is there, with the files out of the system's cache.
stop_alone
opened=''
for side in pg eg duckdb; do : >"$work/samples/$side"; done
for _ in 1 2 3; do
	as_postgres "$bin/pg_ctl" -D "$work/pg" -m fast -w stop >/dev/null
	stop_eg
	uncached "$work/pg" "$work/eg" "$work/alone.duckdb"
	a=$(now)
	start_pg -W
	until_answer "$work/types.answer" pg -c "${sql[types]}"
	b=$(now)
	start_eg
	until_answer "$work/types.answer" eg -c "${sql[types]}"
	c=$(now)
	opened+=$(sed -n 's/.*msg=opened.*took=\([^ ]*\).*/ \1/p' "$work/eg.log")
	start_alone
	ask_alone types >/dev/null
	d=$(now)
	stop_alone
	ms "$a" "$b" >>"$work/samples/pg"
	ms "$b" "$c" >>"$work/samples/eg"
	ms "$c" "$d" >>"$work/samples/duckdb"
	for side in pg eg duckdb; do echo >>"$work/samples/$side"; done
done
row "cold start to count by type" ms "$(summary "$work/samples/pg")" "$(summary "$work/samples/eg")" "$(summary "$work/samples/duckdb")" \
	"of it opening the log:$opened"

projection=$(bytes "$work/eg"/analytics.duckdb*) log=$(bytes "$work/eg/log") index=$(bytes "$work/eg/index")
table=$(pg -c "SELECT pg_total_relation_size('events')")
each() { awk -v b="$1" -v n="$events" 'BEGIN { printf "%.1f", b / n }'; }
row "disk, all of it" B/ev "$(each "$table")" "$(each $((projection + log + index)))" "$(each "$(bytes "$work/alone.duckdb")")"
row "  log" B/ev "" "$(each "$log")" ""
row "  index" B/ev "" "$(each "$index")" ""
row "  projection" B/ev "" "$(each "$projection")" "" "$(awk -v p="$projection" -v l="$log" 'BEGIN { printf "%.2f of the log", p / l }')"

# Appends by 8 clients, each to a new stream, with and without heavy queries in a loop.
cat >"$work/append.sql" <<'SQL'
\set s random(100000000000000, 999999999999999)
INSERT INTO events (stream_id, version, type, payload, metadata) VALUES (('00000000000040008' || :s)::uuid, 0, 'OrderPlaced', '{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3, "customer": "c-17", "occurred_at": "2026-03-01T12:00:00.000Z"}', '{"user": "u17"}')
SQL
append() { # port database → p99 in ms, and the rate
	rm -f "$work"/latency.*
	timeout $((seconds + 60)) pgbench -n -h 127.0.0.1 -p "$1" -U postgres -f "$work/append.sql" -c 8 -j 2 -T "$seconds" -M prepared \
		-l --log-prefix "$work/latency" "$2" >"$work/pgbench.out" 2>&1 || {
		cat "$work/pgbench.out" >&2
		return 1
	}
	cat "$work"/latency.* | awk '{ print $3 }' | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f ", v[int(NR * .99) + 1] / 1000 }'
	awk '/^tps/ { printf "%.0f\n", $3 }' "$work/pgbench.out"
}
busy() { # pg|eg; until the file is gone
	local name
	while :; do
		for name in pairs occurred; do
			[ -e "$work/busy" ] || return 0
			"$1" -c "${sql[$name]}" >/dev/null && echo >>"$work/busy.$1"
		done
	done
}
touch "$work/busy.pg" "$work/busy.eg"
for _ in 1 2 3; do
	for side in pg eg; do
		if [ "$side" = pg ]; then at=("$pgport" postgres); else at=("$egport" events); fi
		append "${at[@]}" >>"$work/quiet.$side"
		touch "$work/busy"
		busy "$side" &
		loop=$!
		sleep 0.5
		append "${at[@]}" >>"$work/loaded.$side"
		rm "$work/busy"
		wait "$loop"
		loop=''
	done
done
for what in quiet loaded; do
	for side in pg eg; do
		cut -d' ' -f1 "$work/$what.$side" >"$work/p99.$what.$side"
		cut -d' ' -f2 "$work/$what.$side" >"$work/tps.$what.$side"
	done
done
row "append, 8 clients: p99" ms "$(summary "$work/p99.quiet.pg")" "$(summary "$work/p99.quiet.eg")" ""
row "  while heavy queries loop: p99" ms "$(summary "$work/p99.loaded.pg")" "$(summary "$work/p99.loaded.eg")" "" \
	"times without: PostgreSQL $(ratio "$(summary "$work/p99.loaded.pg")" "$(summary "$work/p99.quiet.pg")"), Eventgres $(ratio "$(summary "$work/p99.loaded.eg")" "$(summary "$work/p99.quiet.eg")")"
row "append, 8 clients: rate" /s "$(summary "$work/tps.quiet.pg")" "$(summary "$work/tps.quiet.eg")" ""
row "  while heavy queries loop: rate" /s "$(summary "$work/tps.loaded.pg")" "$(summary "$work/tps.loaded.eg")" "" \
	"queries finished: PostgreSQL $(wc -l <"$work/busy.pg"), Eventgres $(wc -l <"$work/busy.eg")"
printf '\nload %s. Of times and sizes PG/EG above 1 is in favour of Eventgres, EG/DuckDB above 1 against it; of rates, ev/s and /s, the other way round.\n' "$(load)"
