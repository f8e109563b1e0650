# tdbc::postgres: statements with named variables, transactions, the catalog as dictionaries.
package require tdbc::postgres
set db [tdbc::postgres::connection new -host $env(PGHOST) -port $env(PGPORT) -user $env(PGUSER) -db $env(PGDATABASE)]
proc id {n} { format 00000000-0000-4000-8000-%012d $n }
set columns {position, stream, version, event_id, type, payload, metadata, tags}

set append [$db prepare {INSERT INTO events (stream, type, payload, event_id) VALUES (:stream, :type, :payload, :id)}]
set stream a-1
set type Added
for {set n 0} {$n < 3} {incr n} {
    set payload "{\"n\": $n}"
    set id [id $n]
    [$append execute] close
}
$db transaction {
    set id [id 10]
    set rows [$db allrows {INSERT INTO events (stream, type, payload, tags, event_id) VALUES ('b-1', 'Came', '{"n": 40}', '{x,"y z"}', :id) RETURNING *}]
    puts [dict remove [lindex $rows 0] stream_id recorded_at]
    set stream b-1
    puts [$db allrows {SELECT count(*) AS n, sum((payload->>'n')::int) AS sum FROM events WHERE stream = :stream}]
}
if {[catch {$db transaction {$db allrows {INSERT INTO events (stream, type, event_id) VALUES ('c-1', 'Twice', :id)}}} message options]} {
    puts [lrange [dict get $options -errorcode] 0 2]
}
set stream a-1
$db foreach row "SELECT $columns FROM events WHERE stream = :stream ORDER BY version" { puts $row }
puts [$db allrows -as lists {SELECT type, count(*), row_number() OVER (ORDER BY type) FROM events GROUP BY type ORDER BY type}]
puts [$db allrows {SELECT 1::int2 AS a, 9007199254740993 AS b, 1.50::numeric AS c, true AS d, NULL AS e, '{1,2}'::int[] AS f, date '2020-02-03' AS g, '\x00ff'::bytea AS h, 0.1::float8 AS i, '{"a":1}'::jsonb AS j}]
set typed [$db prepare {SELECT version FROM events WHERE stream = :s AND version > :v}]
puts [$typed params]
$typed paramtype v bigint
puts [$typed allrows {s a-1 v 0}]
foreach table {events streams} { puts [dict keys [$db tables $table]] }
dict for {name column} [lsort -stride 2 [$db columns events]] { puts "$name [dict remove $column column_name]" }
puts [lmap key [$db primarykeys events] { dict remove $key constraintCatalog }]
puts [$db foreignkeys -foreign events]
puts [$db configure -isolation]
$db configure -isolation serializable -encoding utf-8
puts [$db allrows {SHOW transaction_isolation}]
$db configure -isolation readcommitted
$db close
