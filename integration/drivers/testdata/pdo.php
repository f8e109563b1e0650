<?php
// PDO and PHP's own pg_ functions: both kinds of prepared statement, types, COPY, metadata, notices.
$at = "host={$_SERVER['PGHOST']} port={$_SERVER['PGPORT']} user={$_SERVER['PGUSER']} dbname={$_SERVER['PGDATABASE']}";
$db = new PDO('pgsql:' . str_replace(' ', ';', $at));
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$id = fn($n) => sprintf('00000000-0000-4000-8000-%012d', $n);
$show = function (array $row) { unset($row['stream_id'], $row['recorded_at']); echo json_encode($row), "\n"; };

foreach ([false, true] as $emulated) {
    $db->setAttribute(PDO::ATTR_EMULATE_PREPARES, $emulated);
    $append = $db->prepare('INSERT INTO events (stream, type, payload, event_id) VALUES (:stream, :type, :payload, :id) RETURNING version');
    foreach ([0, 1, 2] as $n) {
        $append->execute(['stream' => 'a-1', 'type' => 'Added', 'payload' => json_encode(['n' => $n]), 'id' => $id($emulated * 10 + $n)]);
        $show($append->fetchAll(PDO::FETCH_ASSOC));
    }
    $db->beginTransaction();
    $insert = $db->prepare('INSERT INTO events (stream, type, payload, tags, event_id) VALUES (?, ?, ?, ?, ?) RETURNING *');
    $insert->execute(['b-1', 'Came', '{"n": 40}', '{x,"y z"}', $id(20 + $emulated)]);
    $show($insert->fetch(PDO::FETCH_ASSOC));
    $sum = $db->prepare("SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = ?");
    $sum->execute(['b-1']);
    $show($sum->fetch(PDO::FETCH_NUM));
    $db->commit();
    try {
        $db->beginTransaction();
        $insert->execute(['b-1', 'Twice', null, null, $id(20)]);
    } catch (PDOException $e) { echo $e->getCode(), ' ', $db->inTransaction(), "\n"; }
    $db->rollBack();
    $typed = $db->query("SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, 0.1::float8, '{\"a\":1}'::jsonb, '\\x00ff'::bytea");
    for ($i = 0; $i < 10; $i++) { $meta = $typed->getColumnMeta($i); echo $meta['native_type'], ' ', $meta['pdo_type'], ' ', $meta['len'], ' ', $meta['pgsql:oid'], "\n"; }
    $row = $typed->fetch(PDO::FETCH_NUM);
    $row[9] = bin2hex(stream_get_contents($row[9]));
    echo json_encode($row), "\n";
}
$columns = $db->query('SELECT stream, version FROM events LIMIT 0');
echo json_encode([$columns->getColumnMeta(0)['table'], $db->getAttribute(PDO::ATTR_CONNECTION_STATUS), (int) $db->getAttribute(PDO::ATTR_SERVER_VERSION)]), "\n";
$db->setAttribute(PDO::ATTR_EMULATE_PREPARES, false);
$scroll = $db->prepare('SELECT version FROM events WHERE stream = ? ORDER BY version', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
$db->beginTransaction();
$scroll->execute(['a-1']);
echo json_encode([$scroll->fetchColumn(), $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST), $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR)]), "\n";
$db->commit();
$db->pgsqlCopyFromArray('events', ["c-1\tCopied", "c-1\tCopied"], "\t", '\\N', 'stream, type');
echo json_encode($db->pgsqlCopyToArray('(SELECT stream, version FROM events WHERE stream = \'c-1\' ORDER BY version)')), "\n";

$pg = pg_connect($at);
pg_prepare($pg, 'one', 'SELECT stream, version, payload FROM events WHERE stream = $1 AND version = $2');
$show(pg_fetch_assoc(pg_execute($pg, 'one', ['b-1', 0])));
$result = pg_query_params($pg, 'SELECT type, count(*) AS n FROM events GROUP BY type HAVING count(*) > $1 ORDER BY type', [0]);
$show(pg_fetch_all($result));
echo pg_field_type($result, 1), ' ', pg_field_table(pg_query($pg, 'SELECT type FROM events LIMIT 1'), 0), "\n";
foreach (pg_meta_data($pg, 'events') as $name => $column) echo $name, ' ', json_encode(array_intersect_key($column, array_flip(['num', 'type', 'len', 'not null', 'has default', 'array dims', 'is enum']))), "\n";
echo json_encode(pg_insert($pg, 'events', ['stream' => 'd-1', 'type' => 'Inserted', 'tags' => '{a}'], PGSQL_DML_STRING) ), "\n";
$show(pg_select($pg, 'events', ['stream' => 'b-1', 'version' => 1])[0]);
pg_send_query($pg, "SELECT 1; SELECT no_such_column FROM events; SELECT 2");
while ($result = pg_get_result($pg)) echo pg_result_status($result), ' ', pg_result_error_field($result, PGSQL_DIAG_SQLSTATE), "\n";
pg_copy_from($pg, 'events (stream, type)', ["e-1\tA\n", "e-1\tB\n"]);
echo json_encode(pg_copy_to($pg, "(SELECT type FROM events WHERE stream = 'e-1' ORDER BY version)")), ' ', pg_parameter_status($pg, 'server_encoding'), ' ', pg_transaction_status($pg), "\n";
