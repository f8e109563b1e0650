// Has pg-structure read everything.
const pgStructure = require('pg-structure').default
const { PGUSER: user, PGHOST: host, PGDATABASE: database } = process.env
pgStructure({ host, port: +process.env.PGPORT, user, database, ssl: false }, { includeSchemas: ['public'] }).then(db => {
  for (const r of db.entities || []) console.log(r.name, r.columns.length)
}).catch(e => console.log('!', e.code, e.message))
