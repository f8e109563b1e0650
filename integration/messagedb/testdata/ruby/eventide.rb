# What Eventide's libraries ask, through Ruby's pg: a cast on each parameter, results by the types that the catalog has, errors by their class and text.
require 'pg'
require 'json'

$stdout.sync = true
CONN = PG.connect(ENV.fetch('DATABASE_URL'))
CONN.type_map_for_results = PG::BasicTypeMapForResults.new(CONN)
CONN.exec('SET message_store.sql_condition = on')

def ask(sql, args = [])
  result = CONN.exec_params(sql, args)
  puts result.fields.each_with_index.map { |f, i| "#{f} #{result.ftype(i)} #{result.fmod(i)}" }.inspect
  result.each { |row| puts row.map { |k, v| k == 'time' ? [k, v.class] : [k, v] }.inspect }
rescue PG::RaiseException => e
  puts "raised: #{e.message.lines.first}"
rescue PG::Error => e
  puts "#{e.class}: #{e.message.lines.first} #{e.result&.error_field(PG::Result::PG_DIAG_SQLSTATE)}"
end

WRITE = 'SELECT write_message($1::varchar, $2::varchar, $3::varchar, $4::jsonb, $5::jsonb, $6::bigint);'
def write(number, stream, type, data, metadata = nil, expected = nil)
  ask(WRITE, [format('00000000-0000-4000-8000-%012d', number), stream, type, data && JSON.generate(data), metadata && JSON.generate(metadata), expected])
end

write(1, 'loan-1', 'Opened', { 'someAttribute' => 'é', 'n' => 1.0 }, { 'correlationStreamName' => 'desk-1' }, -1)
write(2, 'loan-1', 'Closed', {}, nil, 0)
write(3, 'loan-2', 'Opened', nil)
write(4, 'loan:command-2', 'Open', { 'a' => nil })
ask('SELECT * FROM get_stream_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar);', ['loan-1', 0, 1000, nil])
ask('SELECT * FROM get_stream_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar);', ['loan-1', 0, 1000, "type = 'Closed'"])
ask('SELECT * FROM get_stream_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar);', ['loan', nil, nil, nil])
ask('SELECT * FROM get_category_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar, $5::bigint, $6::bigint, $7::varchar);', ['loan', 1, 1000, nil, nil, nil, nil])
ask('SELECT * FROM get_category_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar, $5::bigint, $6::bigint, $7::varchar);', ['loan', 1, 1000, 'desk', 0, 1, 'position >= 0'])
ask('SELECT * FROM get_category_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar, $5::bigint, $6::bigint, $7::varchar);', ['loan', 1, 1000, nil, 2, 2, nil])
ask('SELECT * FROM get_category_messages($1::varchar, $2::bigint, $3::bigint, $4::varchar, $5::bigint, $6::bigint, $7::varchar);', ['loan-1', 1, 1000, nil, nil, nil, nil])
ask('SELECT * FROM get_last_stream_message($1::varchar)', ['loan-1'])
ask('SELECT * FROM get_last_stream_message($1::varchar, $2::varchar)', ['loan-1', 'Opened'])
ask('SELECT * FROM stream_version($1::varchar)', ['loan-1'])
ask('SELECT * FROM messages ORDER BY global_position')
write(5, 'loan-1', 'Lost', {}, nil, 0)
write(1, 'loan-1', 'Again', {})
CONN.transaction { write(5, 'loan-1', 'Renewed', {}, nil, 1) }
CONN.transaction do
  write(6, 'loan-1', 'Undone', {}, nil, 2)
  raise 'undone'
rescue RuntimeError
  CONN.exec('ROLLBACK')
end
ask('SELECT position, type FROM get_stream_messages($1::varchar)', ['loan-1'])
CONN.prepare('write', WRITE)
puts CONN.describe_prepared('write').then { |d| [(0...d.nparams).map { |i| d.paramtype(i) }, d.fields, d.ftype(0)] }.inspect
puts CONN.exec_prepared('write', ['00000000-0000-4000-8000-000000000006', 'loan-3', 'Opened', '{}', nil, nil]).values.inspect
ask('SELECT t.typname, n.nspname FROM pg_type t JOIN pg_proc p ON t.typinput = p.oid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname IN ($1, $2) ORDER BY 1', %w[jsonb varchar])
