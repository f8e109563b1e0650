-- LuaSQL: text in, text out, its own transactions.
local env = require "luasql.postgres".postgres()
local db = assert(env:connect(os.getenv "PGDATABASE", os.getenv "PGUSER", "", os.getenv "PGHOST", os.getenv "PGPORT"))
local function show(sql)
  local cursor, message = db:execute(sql)
  if not cursor then return print((message:gsub("\n.*", ""))) end
  if type(cursor) == "number" then return print(cursor) end
  print(table.concat(cursor:getcolnames(), "|"), table.concat(cursor:getcoltypes(), "|"), cursor:numrows())
  local row = cursor:fetch({}, "n")
  while row do
    for i = 1, #cursor:getcolnames() do row[i] = tostring(row[i]) end
    print(table.concat(row, "|"))
    row = cursor:fetch(row, "n")
  end
  cursor:close()
end
for n = 0, 2 do show(("INSERT INTO events (stream, type, payload) VALUES ('a-1', '%s', '{\"n\": %d}')"):format(db:escape "It's", n)) end
db:setautocommit(false)
show "INSERT INTO events (stream, type, payload, tags, event_id) VALUES ('b-1', 'Came', '{\"n\": 40}', '{x,\"y z\"}', '00000000-0000-4000-8000-000000000010') RETURNING position, stream, version, event_id, type, payload, metadata, tags"
show "SELECT count(*), sum((payload->>'n')::int) FROM events WHERE stream = 'b-1'"
db:commit()
show "INSERT INTO events (stream, type, event_id) VALUES ('c-1', 'Twice', '00000000-0000-4000-8000-000000000010')"
db:rollback()
db:setautocommit(true)
show "SELECT type, count(*), avg(version)::float8 FROM events GROUP BY type ORDER BY type"
show "SELECT 1::int2, 9007199254740993, 1.50::numeric, true, NULL, '{1,2}'::int[], date '2020-02-03', '\\x00ff'::bytea, 0.1::float8, '{\"a\":1}'::jsonb"
show "SELECT stream, version, type FROM events WHERE stream = 'a-1' ORDER BY version"
db:close()
env:close()
