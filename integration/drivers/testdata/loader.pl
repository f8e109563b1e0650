# DBIx::Class::Schema::Loader makes classes of the catalog; then they save.
use strict;
use warnings;
use DBIx::Class::Schema::Loader 'make_schema_at';

make_schema_at('Shop', { naming => 'current', quiet => 1, constraint => qr/^(events|streams)$/ }, ["dbi:Pg:host=$ENV{PGHOST};port=$ENV{PGPORT};dbname=$ENV{PGDATABASE}", $ENV{PGUSER}, '']);
my $shop = Shop->connect("dbi:Pg:host=$ENV{PGHOST};port=$ENV{PGPORT};dbname=$ENV{PGDATABASE}", $ENV{PGUSER}, '');
for my $name (sort $shop->sources) {
    my $source = $shop->source($name);
    print $name, ' ', $source->from, ' key ', join(',', $source->primary_columns), "\n";
    for my $column ($source->columns) {
        my $info = $source->column_info($column);
        print "  $column ", join(' ', map { my $v = $info->{$_}; "$_=" . (ref $v eq 'SCALAR' ? $$v : $v // '') } sort grep { $_ ne "original" } keys %$info), "\n";
    }
    my %unique = $source->unique_constraints;
    print "  $_ (@{$unique{$_}})\n" for sort keys %unique;
}
my $events = $shop->resultset('Event');
$shop->txn_do(sub {
    my $saved = $events->create({ stream => 'a-1', type => 'Came', payload => '{"n": 40}', event_id => '00000000-0000-4000-8000-000000000001' });
    print join('|', $saved->position, $events->search({ stream => 'a-1' })->count, $events->search({ stream => 'a-1' }, { select => [\"sum((payload->>'n')::int)"], as => ['n'] })->first->get_column('n')), "\n";
    $saved->discard_changes;
    print join('|', map { $saved->$_ // '-' } qw(position stream version event_id type payload)), "\n";
});
eval { $events->create({ stream => 'a-1', type => 'Twice', event_id => '00000000-0000-4000-8000-000000000001' }) };
print $@ =~ /events_event_id_key/ ? "conflict\n" : $@;
print $shop->resultset('Stream')->search({ stream => 'a-1' })->get_column('version')->max, "\n";
