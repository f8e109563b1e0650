# Dumps the schema with ActiveRecord, and asks its adapter what else it can tell.
require 'active_record'
require 'stringio'

ActiveRecord::Base.establish_connection(adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], username: ENV['PGUSER'], database: ENV['PGDATABASE'])
c = ActiveRecord::Base.connection
ask = lambda do |name, *args|
  c.public_send(name, *args) if c.respond_to?(name)
rescue ActiveRecord::ActiveRecordError, NotImplementedError, ArgumentError => e
  puts "! #{name} #{e.class} #{e.message}"
end
%i[tables views data_sources schema_names schema_search_path current_schema current_database encoding collation ctype client_min_messages enum_types
   extensions postgresql_version database_version].each { |m| ask.(m) }
%w[events streams order_totals nosuch public.events].each do |r|
  %i[table_exists? view_exists? data_source_exists? columns indexes primary_keys primary_key pk_and_sequence_for foreign_keys table_comment table_options
     check_constraints].each { |m| ask.(m, r) }
end
ask.(:schema_exists?, 'public')
ask.(:extension_enabled?, 'plpgsql')
ask.(:index_name_exists?, 'events', 'events_pkey')
out = StringIO.new
begin
  ActiveRecord::SchemaDumper.dump(c, out)
rescue ActiveRecord::ActiveRecordError => e
  puts "! #{e.message}"
end
class Event < ActiveRecord::Base
  self.inheritance_column = nil
end
Event.columns_hash
Event.count
