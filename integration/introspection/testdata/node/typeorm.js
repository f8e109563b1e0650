// Asks TypeORM's query runner what is there.
require('reflect-metadata')
const { DataSource } = require('typeorm')
const source = new DataSource({ type: 'postgres', host: process.env.PGHOST, port: +process.env.PGPORT, username: process.env.PGUSER, database: process.env.PGDATABASE, installExtensions: false })

async function tell (f) { try { await f() } catch (e) { console.log('!', e.code, e.message) } }

async function main () {
  await source.initialize()
  const q = source.createQueryRunner()
  for (const method of ['getDatabases', 'getSchemas', 'getCurrentDatabase', 'getCurrentSchema', 'getVersion']) if (q[method]) await tell(() => q[method]())
  await tell(() => q.getTables()); await tell(() => q.getViews())
  await tell(() => q.hasDatabase('events')); await tell(() => q.hasSchema('public'))
  for (const relation of ['events', 'streams', 'order_totals', 'public.events', 'nosuch']) {
    await tell(() => q.getTable(relation)); await tell(() => q.getView(relation))
    await tell(() => q.hasTable(relation)); await tell(() => q.hasColumn(relation, 'version'))
  }
  await tell(async () => (await source.driver.createSchemaBuilder().log()).upQueries.length)
  await q.release(); await source.destroy()
}
main()
