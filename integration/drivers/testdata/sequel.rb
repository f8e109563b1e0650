# Sequel: a dataset's own SQL, placeholders prepared by the server, models, its schema parser.
require 'sequel'
require 'json'

url = "postgres://#{ENV['PGUSER']}@#{ENV['PGHOST']}:#{ENV['PGPORT']}/#{ENV['PGDATABASE']}"
DB = Sequel.connect(url, max_connections: 2)
DB.extension :pg_array, :pg_json
events = DB[:events]
id = ->(n) { format('00000000-0000-4000-8000-%012d', n) }
show = ->(row) { row.reject { |k, _| %i[stream_id recorded_at].include?(k) }.inspect }

append = events.prepare(:insert, :append, stream: :$stream, type: :$type, payload: Sequel.cast(:$payload, :jsonb), event_id: Sequel.cast(:$id, :uuid))
3.times { |n| append.call(stream: 'a-1', type: 'Added', payload: { n: n }.to_json, id: id[n]) }
puts events.where(stream: 'a-1').prepare(:select, :read).call.map(&show)

DB.transaction do
  puts show[events.returning.insert(stream: 'b-1', type: 'Came', payload: Sequel.pg_jsonb('n' => 40), tags: Sequel.pg_array(%w[x y\ z], :text), event_id: id[10])[0]]
  puts events.where(stream: 'b-1').select { [count.function.*, sum(Sequel.lit("(payload->>'n')::int"))] }.first.inspect
  puts events.group_and_count(:type).order(:type).all.inspect
end
puts events.where(stream: 'b-1').first[:recorded_at].class

begin
  DB.transaction { events.insert(stream: 'c-1', type: 'Twice', event_id: id[10]) }
rescue Sequel::UniqueConstraintViolation => e
  puts e.wrapped_exception.result.error_field(PG::Result::PG_DIAG_SQLSTATE), e.wrapped_exception.result.error_field(PG::Result::PG_DIAG_CONSTRAINT_NAME)
end
DB.transaction(rollback: :always) { events.insert(stream: 'd-1', type: 'Never') }
DB.transaction do
  events.insert(stream: 'd-2', type: 'Kept')
  DB.transaction(savepoint: true) { events.insert(stream: 'd-2', type: 'Not'); raise Sequel::Rollback }
end
puts events.exclude(stream: %w[a-1 b-1]).select_map(%i[stream type version]).inspect
events.insert_conflict.import(%i[stream type event_id], [['e-1', 'A', id[20]], ['e-1', 'B', id[10]]])
puts events.where(stream: 'e-1').count

puts events.select(:type, Sequel.function(:row_number).over(partition: :type, order: :position).as(:n)).order(:position).limit(3).all.inspect
events.where { position >= 0 }.order(:position).paged_each(rows_per_fetch: 2, strategy: :filter) { |r| print r[:position], ' ' }
puts
events.order(:position).use_cursor(rows_per_fetch: 2).each { |r| print r[:position], ' ' } if events.respond_to?(:use_cursor)
puts
puts DB.get(Sequel.lit("'infinity'::text")), DB["SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], '2020-02-03'::date, '\\x00ff'::bytea, 0.1::float8, '{\"a\": 1}'::jsonb"].first.inspect

puts DB.tables.sort.inspect, DB.views.sort.inspect, DB.table_exists?(:events), DB.table_exists?(:nothing)
DB.schema(:events).each { |name, c| puts [name, c.slice(:db_type, :type, :allow_null, :primary_key, :ruby_default)].inspect }
DB.indexes(:events).sort.each { |name, i| puts [name, i.slice(:columns, :unique)].inspect }
puts DB.primary_key(:events).inspect, DB.server_version / 10000
class Event < Sequel::Model(DB[:events]); set_primary_key :event_id; unrestrict_primary_key; end
saved = Event.create(event_id: id[30], stream: 'm-1', type: 'Made', payload: Sequel.pg_jsonb('n' => 1))
puts saved.version, Event[id[30]].stream, Event.where(stream: 'm-1').count, Event.columns.inspect
puts DB[:events].where(stream: 'm-1').explain.lines.size > 0
