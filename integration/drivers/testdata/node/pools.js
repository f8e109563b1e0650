// Kysely, and Postgres.js with its own protocol: pipelines, types by OID, cursors, a subscription of none.
import { Kysely, PostgresDialect, sql as fragment } from 'kysely'
import pg from 'pg'
import postgres from 'postgres'

const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const show = ({ stream_id, recorded_at, ...rest }) => console.log(JSON.stringify(rest), recorded_at instanceof Date)

const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ max: 2 }) }) })
await db.transaction().execute(async (trx) => {
  show(await trx.insertInto('events').values({ stream: 'a-1', type: 'Came', payload: { n: 40 }, event_id: id(10) }).returningAll().executeTakeFirst())
  console.log(await trx.selectFrom('events').where('stream', '=', 'a-1').select(({ fn }) => [fn.countAll().as('n'), fragment`sum((payload->>'n')::int)`.as('sum')]).execute())
})
console.log(await db.insertInto('events').values({ stream: 'a-1', type: 'Twice', event_id: id(10) }).onConflict((c) => c.doNothing()).executeTakeFirst())
await db.insertInto('events').values({ stream: 'a-1', type: 'Twice', event_id: id(10) }).execute().catch((e) => console.log(e.code, e.constraint))
for (const table of (await db.introspection.getTables())) if (['events', 'streams'].includes(table.name)) console.log(table.name, table.schema, table.isView, table.columns.map((c) => [c.name, c.dataType, c.isNullable, c.isAutoIncrementing, c.hasDefaultValue].join(' ')))
console.log((await db.getExecutor, await db.selectFrom('events').selectAll().where('stream', '=', 'a-1').explain('json')).length)
await db.destroy()

const sql = postgres({ max: 2, onnotice: () => {} })
await sql.begin(async (sql) => {
  show((await sql`insert into events ${sql({ stream: 'b-1', type: 'Came', payload: sql.json({ n: 2 }), tags: ['x', 'y z'], event_id: id(11) })} returning *`)[0])
  console.log(await sql`select count(*), sum((payload->>'n')::int) from events where stream = ${'b-1'}`)
  await sql.savepoint(async (sql) => { await sql`insert into events (stream, type) values ('b-1', 'Not')`; throw new Error('undone') }).catch((e) => console.log(e.message))
})
await Promise.all(Array.from({ length: 20 }, (_, n) => sql`insert into events ${sql({ stream: 'p-' + n, type: 'Piped' })}`))
console.log(await sql`select type, count(*)::int from events where type = any(${['Piped', 'Came']}) group by type order by type`)
await sql`select stream, version from events where type = 'Piped' and stream < 'p-12' order by stream`.cursor(2, (rows) => console.log(rows.map((r) => r.stream)))
await sql`insert into events ${sql([{ stream: 'c-1', type: 'A' }, { stream: 'c-1', type: 'B' }])}`
console.log((await sql`select version from events where stream = 'c-1' and (version, type) > (${0}, ${'A'})`).map((r) => r.version))
console.log((await sql`select 1::int2 a, 9007199254740993 b, 1.50::numeric c, true d, null e, '{1,2}'::int[] f, '\\x00ff'::bytea h, 0.1::float8 i, '{"a": 1}'::jsonb j`)[0])
await sql`insert into events ${sql({ stream: 'b-1', type: 'Twice', event_id: id(11) })}`.catch((e) => console.log(e.code, e.constraint_name, e.table_name))
console.log(await sql`select * from events where stream = ${'b-1'}`.describe().then((d) => d.columns.map((c) => c.name + ' ' + c.type)))
await sql`copy events (stream, type) from stdin`.writable().then((w) => new Promise((done, failed) => { w.on('finish', done).on('error', failed); w.end('d-1\tA\nd-1\tB\n') }))
const out = await sql`copy (select stream, version, type from events where stream = 'd-1' order by version) to stdout`.readable()
for await (const chunk of out) process.stdout.write(chunk)
await sql.end()
