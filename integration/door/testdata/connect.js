// node-postgres: connects as each line of input says, and tells what came of it.
'use strict'

const fs = require('node:fs')
const { Client } = require('pg')

const file = (name) => (name ? fs.readFileSync(name) : undefined)

async function knock(o) {
  const options = { host: o.host, port: +o.port, user: o.user, password: o.password, database: o.dbname, ssl: false }
  options.enableChannelBinding = o.channel_binding === 'require'
  if (o.sslmode !== 'disable') {
    options.ssl = { ca: file(o.sslrootcert), cert: file(o.sslcert), key: file(o.sslkey), rejectUnauthorized: o.sslmode === 'verify-full' }
  }
  const client = new Client(options)
  client.on('error', () => {}) // told below
  try {
    await client.connect()
    console.log('in', (await client.query('SELECT 1 AS n')).rows[0].n)
  } catch (e) {
    console.log(e.severity ? e.code : 'client', e.message)
  }
  await client.end().catch(() => {})
}

async function main() {
  for (const line of fs.readFileSync(0, 'utf8').split('\n')) {
    await knock(Object.fromEntries(line.split('\t').map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)])))
  }
}
main()
