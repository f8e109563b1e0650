<?php
// Asks PDO and the extension pgsql about columns and tables.
$of = fn($n) => getenv($n);
$db = new PDO("pgsql:host={$of('PGHOST')};port={$of('PGPORT')};dbname={$of('PGDATABASE')};sslmode=disable", $of('PGUSER'));
foreach (['events', 'streams', 'order_totals'] as $r) {
    $s = $db->query("SELECT * FROM $r");
    for ($i = 0; $i < $s->columnCount(); $i++) {
        $s->getColumnMeta($i);
    }
}
$c = pg_connect("host={$of('PGHOST')} port={$of('PGPORT')} dbname={$of('PGDATABASE')} user={$of('PGUSER')} sslmode=disable");
foreach (['events', 'streams', 'order_totals', 'public.events'] as $r) {
    @pg_meta_data($c, $r);
    @pg_meta_data($c, $r, true);
}
$s = pg_query($c, 'SELECT * FROM events');
for ($i = 0; $i < pg_num_fields($s); $i++) {
    pg_field_type($s, $i);
    pg_field_table($s, $i);
}
