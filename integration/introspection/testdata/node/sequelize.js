// Asks Sequelize's query interface what is there.
const { Sequelize, QueryTypes } = require('sequelize')
const db = new Sequelize(process.env.PGDATABASE, process.env.PGUSER, '', { host: process.env.PGHOST, port: process.env.PGPORT, dialect: 'postgres', logging: false })

async function tell (f) { try { await f() } catch (e) { console.log('!', e.name, e.message) } }

async function main () {
  const q = db.getQueryInterface()
  await tell(() => db.authenticate())
  await tell(() => q.showAllTables())
  await tell(() => q.showAllSchemas())
  await tell(() => db.databaseVersion())
  for (const relation of ['events', 'streams', 'order_totals', 'nosuch']) {
    for (const method of ['describeTable', 'showIndex', 'showConstraint', 'tableExists', 'getForeignKeyReferencesForTable']) await tell(() => q[method](relation))
    await tell(() => q.getForeignKeysForTables([relation]))
    await tell(() => q.describeTable({ tableName: relation, schema: 'public' }))
  }
  await tell(() => db.query('SELECT * FROM events', { type: QueryTypes.SELECT }))
  await db.close()
}
main()
