// Asks Knex and knex-schema-inspector what is there.
const knex = require('knex')({ client: 'pg', connection: { host: process.env.PGHOST, port: +process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE } })
const inspector = require('knex-schema-inspector').default(knex)

async function tell (f) { try { await f() } catch (e) { console.log('!', e.code, e.message) } }

async function main () {
  for (const relation of ['events', 'streams', 'order_totals', 'nosuch']) {
    await tell(() => knex(relation).columnInfo())
    await tell(() => knex.schema.hasTable(relation))
    await tell(() => knex.schema.hasColumn(relation, 'version'))
    for (const method of ['hasTable', 'tableInfo', 'columns', 'columnInfo', 'primary', 'foreignKeys', 'uniqueConstraints']) {
      if (inspector[method]) await tell(() => inspector[method](relation))
    }
    await tell(() => inspector.hasColumn(relation, 'version'))
    await tell(() => inspector.columnInfo(relation, 'version'))
  }
  for (const method of ['tables', 'tableInfo', 'columns', 'columnInfo', 'foreignKeys']) await tell(() => inspector[method]())
  await knex.destroy()
}
main()
