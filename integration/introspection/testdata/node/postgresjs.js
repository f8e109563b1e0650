// Has postgres.js look up the types of arrays, as it does with the first parameter.
const sql = require('postgres')({ host: process.env.PGHOST, port: +process.env.PGPORT, user: process.env.PGUSER, database: process.env.PGDATABASE, ssl: false })
async function main () {
  await sql`SELECT * FROM events WHERE version = ${1} AND type = ANY(${['a', 'b']})`
  await sql`SELECT * FROM streams`.describe()
  await sql.end()
}
main()
