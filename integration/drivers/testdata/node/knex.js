// Knex, with Objection and Bookshelf over it: builders, transactions, streams, a batch, column info.
import Knex from 'knex'
import Bookshelf from 'bookshelf'
import { Model } from 'objection'

const knex = Knex({ client: 'pg', pool: { min: 0, max: 2 }, connection: { host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE } })
const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const show = ({ stream_id, recorded_at, ...rest }) => console.log(JSON.stringify(rest), recorded_at instanceof Date)

for (const n of [0, 1, 2]) await knex('events').insert({ stream: 'a-1', type: 'Added', payload: { n }, event_id: id(n) })
await knex.transaction(async (trx) => {
  const [row] = await trx('events').insert({ stream: 'b-1', type: 'Came', payload: { n: 40 }, tags: ['x', 'y z'], event_id: id(10) }).returning('*')
  show(row)
  console.log(await trx('events').where({ stream: 'b-1' }).select(knex.raw("sum((payload->>'n')::int)")).count().first())
  console.log(await trx('events').select('type').count().groupBy('type').orderBy('type'))
  await trx.transaction(async (inner) => { await inner('events').insert({ stream: 'b-1', type: 'Not' }); throw new Error('undone') }).catch((e) => console.log(e.message))
})
try {
  await knex.transaction((trx) => trx('events').insert({ stream: 'c-1', type: 'Twice', event_id: id(10) }))
} catch (e) { console.log(e.code, e.constraint) }
await knex('events').insert([{ stream: 'e-1', type: 'A', event_id: id(20) }, { stream: 'e-1', type: 'B', event_id: id(10) }]).onConflict().ignore()
await knex.batchInsert('events', Array.from({ length: 7 }, (_, n) => ({ stream: 'f-1', type: 'Batched', payload: { n } })), 3)
console.log(await knex('events').count('* as n').where('stream', 'like', 'f-%').first())
for await (const row of knex('events').where('stream', 'a-1').orderBy('version').stream()) show(row)
console.log(await knex.select('type').rowNumber('n', 'position', 'type').from('events').orderBy('position').limit(3))
console.log(await knex.with('x', knex('events').where('type', 'Batched')).from('x').max('version as v').first())
console.log(await knex('events').whereJsonPath('payload', '$.n', '=', 2).pluck('stream'))
console.log(await knex('events').whereJsonObject('payload', { n: 40 }).pluck('stream'))
console.log(await knex.schema.hasTable('events'), await knex.schema.hasTable('nothing'), await knex.schema.hasColumn('events', 'payload'))
console.log(await knex('events').columnInfo())
await knex.raw('select pg_sleep(30)').timeout(100, { cancel: true }).catch((e) => console.log(e.name))
await knex('events').update({ type: 'X' }).catch((e) => console.log(e.code))

class Event extends Model {
  static tableName = 'events'
  static idColumn = 'event_id'
  static jsonAttributes = ['payload']
}
Event.knex(knex)
await Event.transaction(async (trx) => {
  const saved = await Event.query(trx).insertAndFetch({ event_id: id(30), stream: 'o-1', type: 'Made', payload: { n: 1 } })
  show(saved)
  console.log(await Event.query(trx).where('stream', 'o-1').resultSize(), await Event.query(trx).findById(id(30)).select('type'))
  console.log(await Event.query(trx).page(0, 2).orderBy('position').select('type'))
})
console.log(await Event.query().insert({ event_id: id(30), stream: 'o-1', type: 'Twice' }).catch((e) => [e.name, e.nativeError?.code, e.constraint]))
await Event.fetchTableMetadata()
console.log(Event.tableMetadata())

const shelf = Bookshelf(knex)
const Row = shelf.model('Row', { tableName: 'events', idAttribute: 'event_id' })
await shelf.transaction(async (transacting) => {
  const saved = await new Row({ event_id: id(31), stream: 'p-1', type: 'Made', payload: { n: 1 } }).save(null, { method: 'insert', transacting })
  await saved.refresh({ transacting })
  show(saved.attributes)
  console.log(await Row.where('stream', 'p-1').count({ transacting }), (await Row.where('stream', 'a-1').orderBy('version').fetchPage({ pageSize: 2, transacting })).pagination)
})
await knex.destroy()
