# Asks Sequel what is there.
require 'sequel'

db = Sequel.connect(adapter: 'postgres', host: ENV['PGHOST'], port: ENV['PGPORT'], user: ENV['PGUSER'], database: ENV['PGDATABASE'], test: true)
db.extension :pg_array, :pg_json, :pg_row, :schema_dumper, :pg_enum
db.tables
db.views
db.tables(qualify: true)
db.server_version
%i[events streams order_totals].each do |r|
  [:schema, :indexes, :foreign_key_list, :primary_key, :primary_key_sequence, :check_constraints, :foreign_key_list].each do |m|
    db.public_send(m, r)
  rescue Sequel::Error => e
    puts "! #{m} #{r} #{e.class} #{e.message}"
  end
  db.table_exists?(r)
end
begin
  db.register_row_type(:events)
rescue Sequel::Error => e
  puts "! #{e.message}"
end
db.dump_schema_migration
