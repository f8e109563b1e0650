# DBD::Pg: placeholders prepared by the server, arrays, COPY, statistics, its catalog methods.
use strict;
use warnings;
use DBI;

my $db = DBI->connect("dbi:Pg:host=$ENV{PGHOST};port=$ENV{PGPORT};dbname=$ENV{PGDATABASE}", $ENV{PGUSER}, '', { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
sub id { sprintf '00000000-0000-4000-8000-%012d', shift }
sub show { print join('|', map { !defined ? '-' : ref eq 'ARRAY' ? "[@$_]" : $_ } @_), "\n" }
my $columns = 'position, stream, version, event_id, type, payload, metadata, tags';

my $append = $db->prepare('INSERT INTO events (stream, type, payload, event_id) VALUES (?, ?, ?, ?) RETURNING version');
for my $n (0 .. 12) { $append->execute('a-1', 'Added', qq({"n": $n}), id($n)); show($append->fetchrow_array) }

$db->begin_work;
my $row = $db->selectrow_hashref('INSERT INTO events (stream, type, payload, tags, event_id) VALUES (?, ?, ?, ?, ?) RETURNING *', undef, 'b-1', 'Came', '{"n": 40}', ['x', 'y z'], id(20));
show(map { "$_=" . (ref $row->{$_} ? "@{$row->{$_}}" : $row->{$_} // '-') } grep { !/stream_id|recorded_at/ } sort keys %$row);
show($db->selectrow_array(q(SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = ?), undef, 'b-1'));
show(@$_) for @{ $db->selectall_arrayref('SELECT type, count(*), round(avg(version), 2) FROM events WHERE version >= ? GROUP BY type ORDER BY type', undef, 0) };
$db->pg_savepoint('s');
eval { $db->do('INSERT INTO events (stream, type, event_id) VALUES (?, ?, ?)', undef, 'c-1', 'Twice', id(20)) };
show($db->state, $db->pg_error_field('constraint_name'));
$db->pg_rollback_to('s');
$db->commit;
show($db->{pg_server_version} >= 150000 ? 'new' : 'old', $db->ping, $db->{AutoCommit});

$db->do('COPY events (stream, type) FROM STDIN');
$db->pg_putcopydata("d-1\tCopied\n") for 1 .. 3;
$db->pg_putcopyend;
$db->do("COPY (SELECT stream, version FROM events WHERE stream = 'd-1' ORDER BY version) TO STDOUT");
my $line = '';
print $line while $db->pg_getcopydata($line) >= 0;

my $page = $db->prepare("SELECT $columns FROM events WHERE (version, position) > (?, ?) AND stream = ? ORDER BY version LIMIT 2");
for my $after (0, 5, 11) { $page->execute($after, 0, 'a-1'); show(@$_) for @{ $page->fetchall_arrayref } }
show(@$_) for @{ $db->selectall_arrayref('SELECT stream, version FROM events WHERE event_id = ANY(?) ORDER BY position', undef, [id(3), id(20)]) };
my $typed = $db->prepare(q(SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, '\x00ff'::bytea, 0.1::float8, '{"a":1}'::jsonb, interval '1 day 2 hours'));
$typed->execute;
show(map { ref ? $_ : defined && /[^ -~]/ ? unpack 'H*', $_ : $_ } $typed->fetchrow_array);
show(@{ $typed->{NAME} }, map { $db->type_info($_) ? $db->type_info($_)->{TYPE_NAME} : $_ } @{ $typed->{TYPE} });
$append->execute("z-1", "Described", undef, id(21)), show(@{ $append->{pg_type} }), $append->finish;
eval { $append->execute('z-1', 'Bad', 'no json', id(22)) };
show($db->state);

show(map { $_ // '-' } @$_[2, 3, 4]) for grep { $_->[2] =~ /^(events|streams)$/ } @{ $db->table_info('', 'public', '%', '')->fetchall_arrayref };
show(map { $_ // '-' } @$_[2 .. 6, 8, 10, 12, 13, 16, 17]) for @{ $db->column_info('', 'public', 'events', '%')->fetchall_arrayref };
show($db->primary_key('', 'public', 'events'));
show(map { $_ // '-' } @$_[2, 3, 5, 6, 7, 8, 9]) for grep { $_->[6] ne 'table' } @{ $db->statistics_info('', 'public', 'events', 1, 0)->fetchall_arrayref };
show(defined $db->foreign_key_info('', 'public', 'events', '', '', '') ? 'keys' : 'no foreign keys');
show(scalar(grep { /events/ } $db->tables('', 'public', 'events', 'TABLE')));
my $n = $db->do('SELECT pg_sleep(0)');
my $later = $db->prepare('SELECT count(*) FROM events', { pg_async => 1 });
$later->execute;
show($db->pg_result, $later->fetchrow_array);
undef $_ for $append, $page, $typed, $later;
$db->disconnect;
