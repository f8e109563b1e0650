# race.py's race by Ruby's pg, whose errors Eventide knows by their class and text: race.rb DRIVER STREAM N.
require 'pg'
require 'securerandom'

_, stream, n = ARGV
conn = PG.connect(ENV.fetch('DATABASE_URL'))
puts 'ready'
$stdout.flush
$stdin.gets
(-1...n.to_i - 1).each do |expected|
  args = [SecureRandom.uuid, stream, 'pg', '{}', nil, expected]
  row = conn.exec_params('SELECT write_message($1::varchar, $2::varchar, $3::varchar, $4::jsonb, $5::jsonb, $6::bigint);', args)
  puts "won #{expected} #{row.getvalue(0, 0)}"
rescue PG::RaiseException => e
  puts "lost #{expected} #{e.result.error_field(PG::Result::PG_DIAG_SQLSTATE)} #{e.message.lines.first.chomp.delete_prefix('ERROR:  ')}"
end
