# Calls DBD::Pg's catalog methods, and has DBIx::Class::Schema::Loader make classes.
use strict;
use warnings;
use DBI;
use DBIx::Class::Schema::Loader qw(make_schema_at);

my $dsn = "dbi:Pg:dbname=$ENV{PGDATABASE};host=$ENV{PGHOST};port=$ENV{PGPORT};sslmode=disable";
my $db = DBI->connect($dsn, $ENV{PGUSER}, '', { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
my @calls = (
    map({ my $r = $_; (
        sub { $db->table_info(undef, 'public', $r, undef)->fetchall_arrayref }, sub { $db->column_info(undef, 'public', $r, undef)->fetchall_arrayref },
        sub { my $s = $db->primary_key_info(undef, 'public', $r); $s && $s->fetchall_arrayref }, sub { [$db->primary_key(undef, 'public', $r)] },
        sub { my $s = $db->foreign_key_info(undef, 'public', $r, undef, undef, undef); $s && $s->fetchall_arrayref },
        sub { my $s = $db->statistics_info(undef, 'public', $r, 0, 0); $s && $s->fetchall_arrayref },
        sub { $db->pg_type_info(25) }) } qw(events streams order_totals nosuch)),
    sub { $db->table_info('', '%', '')->fetchall_arrayref }, sub { $db->table_info('%', '', '')->fetchall_arrayref }, sub { [$db->tables(undef, 'public')] },
    sub { $db->type_info_all }, sub { [$db->data_sources] }, sub { [DBI->data_sources('Pg', "host=$ENV{PGHOST};port=$ENV{PGPORT};user=$ENV{PGUSER}")] },
    sub { $db->last_insert_id(undef, 'public', 'events', undef) }, sub { $db->ping },
);
for my $call (@calls) {
    eval { $call->(); 1 } or print "! ", $db->state, " ", $@;
}
eval { make_schema_at('My::Schema', { naming => 'current', quiet => 1, use_moose => 0, db_schema => 'public' }, [$dsn, $ENV{PGUSER}, '']); 1 } or print "! $@";
