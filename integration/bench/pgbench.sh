#!/usr/bin/env bash
# First figures: the same pgbench scripts against PostgreSQL 15 with its default settings
# and against Eventgres, alternating, both durable, on the same disk.
#
#   make build && integration/bench/pgbench.sh [events] [seconds] [rounds]
#
# Needs postgresql (server, psql, pgbench) and, as root, the user postgres. Loads a
# million events in streams of 20 by default; takes about five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
events=${1:-1000000} seconds=${2:-8} rounds=${3:-3}
streams=$((events / 20))
bin=$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin)
pgport=${PGPORT_BENCH:-54401} egport=${EGPORT_BENCH:-54402}
work=$(mktemp -d)
chmod 755 "$work"
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
cleanup() {
	[ -n "${server:-}" ] && kill "$server" 2>/dev/null
	as_postgres "$bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap cleanup EXIT

pg() { psql -qAt -h 127.0.0.1 -p "$pgport" -U postgres postgres "$@"; }
eg() { psql -qAt -h 127.0.0.1 -p "$egport" -U postgres events "$@"; }

mkdir "$work/pg"
[ "$(id -u)" = 0 ] && chown postgres "$work/pg"
as_postgres "$bin/initdb" -D "$work/pg" -A trust -U postgres -E UTF8 --locale=C >/dev/null
as_postgres "$bin/pg_ctl" -D "$work/pg" -o "-p $pgport -k ''" -l "$work/pg/log" -w start >/dev/null
bin/eventgres serve --data "$work/eg" --listen "127.0.0.1:$egport" 2>"$work/eg.log" &
server=$!
until grep -q msg=listening "$work/eg.log"; do kill -0 "$server"; done

pg -c "CREATE TABLE events (position bigserial PRIMARY KEY, stream_id uuid NOT NULL, version bigint NOT NULL,
	event_id uuid NOT NULL DEFAULT gen_random_uuid(), type text NOT NULL, payload jsonb, metadata jsonb,
	recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (stream_id, version), UNIQUE (event_id))"

# Blocks of 500 streams, interleaved: as services that are busy with many things append.
awk -v streams="$streams" 'BEGIN {
	srand(1); split("Placed Paid Packed Shipped Noted", kinds, " ")
	for (block = 0; block < streams / 500; block++) for (v = 0; v < 20; v++) for (s = 0; s < 500; s++) {
		n = 100000000000 + block * 500 + s
		printf "00000000-0000-4000-8000-%.0f\t%d\tOrder%s\t{\"order\": %d, \"amount\": %d.%02d, \"currency\": \"EUR\", \"items\": %d, \"step\": %d}\t{\"user\": \"u%d\"}\n",
			n, v, kinds[int(rand() * 5) + 1], n % 1000000, rand() * 1000, rand() * 100, rand() * 9, v, rand() * 1000
	}
}' >"$work/events.copy"

now() { date +%s.%N; }
rate() { awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN { printf "%.0f", n / (b - a) }'; }
row() { awk -v name="$1" -v p="$2" -v e="$3" -v unit="$4" 'BEGIN { printf "%-34s %12s %12s %-6s %5.2f×\n", name, p, e, unit, e / p }'; }

printf '%-34s %12s %12s\n' workload PostgreSQL Eventgres
a=$(now); pg -c "\\copy events (stream_id, version, type, payload, metadata) from '$work/events.copy'"; b=$(now)
c=$(now); eg -c "\\copy events (stream_id, version, type, payload, metadata) from '$work/events.copy'"; d=$(now)
row "COPY in" "$(rate "$a" "$b" "$events")" "$(rate "$c" "$d" "$events")" rows/s
pg -c "VACUUM ANALYZE events" -c CHECKPOINT
a=$(now); pg -c "SELECT * FROM events" >/dev/null; b=$(now)
c=$(now); eg -c "SELECT * FROM events" >/dev/null; d=$(now)
row "read all (psql)" "$(rate "$a" "$b" "$events")" "$(rate "$c" "$d" "$events")" rows/s
row "bytes an event" "$(pg -c "SELECT pg_total_relation_size('events') / $events")" \
	"$(du -sb "$work/eg" | awk -v n="$events" '{ printf "%d", $1 / n }')" bytes

cat >"$work/append.sql" <<'SQL'
\set s random(200000000000, 999999999999)
INSERT INTO events (stream_id, version, type, payload, metadata) VALUES (('00000000-0000-4000-8000-' || :s)::uuid, 0, 'OrderPlaced', '{"order": 4711, "amount": 129.95, "currency": "EUR", "items": 3, "step": 0}', '{"user": "u17"}')
SQL
cat >"$work/stream.sql" <<SQL
\\set s random(100000000000, $((100000000000 + streams - 1)))
SELECT * FROM events WHERE stream_id = ('00000000-0000-4000-8000-' || :s)::uuid ORDER BY version
SQL
cat >"$work/point.sql" <<SQL
\\set p random(1, $((events - 1)))
SELECT * FROM events WHERE position = :p
SQL

tps() { # port database script clients mode
	pgbench -n -h 127.0.0.1 -p "$1" -U postgres -f "$work/$3.sql" -c "$4" -j 2 -T "$seconds" -M "$5" "$2" 2>/dev/null |
		awk '/^tps/ { printf "%.0f", $3 }'
}
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
for spec in "append 1 prepared" "append 8 prepared" "append 64 prepared" "append 64 simple" "stream 16 prepared" "point 16 prepared"; do
	read -r script clients mode <<<"$spec"
	p=() e=()
	for _ in $(seq "$rounds"); do
		p+=("$(tps "$pgport" postgres "$script" "$clients" "$mode")")
		e+=("$(tps "$egport" events "$script" "$clients" "$mode")")
	done
	row "$script, $clients clients, $mode" "$(median "${p[@]}")" "$(median "${e[@]}")" /s
done
