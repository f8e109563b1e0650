// node-postgres: extended protocol without types of its own, text results,
// named statements, portals with row limits (pg-cursor), pipelines.
'use strict'

const assert = require('node:assert')
const { randomUUID } = require('node:crypto')
const { Client, Pool } = require('pg')
const Cursor = require('pg-cursor')

const APPEND =
  'INSERT INTO events (stream, type, payload, expected_version) VALUES ($1, $2, $3, $4) RETURNING position, version'
const COLUMNS =
  'position, stream_id, stream, version, event_id, type, payload, metadata, tags, recorded_at'
const TAGS = ['red', 'with,comma', 'quote"d', 'brace{}', 'back\\slash', '', 'NULL', '日本']
const PAYLOAD = { text: 'naïve 😀 Ω "q" \\', n: 12345678901, f: 1.5, nested: { a: [1, null, true] } }
const METADATA = { who: 'Ünal', trace: null }
const LARGE = 20000

const say = (...facts) => console.log(facts.join(' '))
const versions = (rows) => 'versions=' + rows.map((r) => r.version).join(',')

async function refused(client, query, values) {
  try {
    await client.query(query, values)
  } catch (e) {
    return [e.code, e.constraint].filter(Boolean).join(' ')
  }
  throw new Error('accepted: ' + query)
}

async function count(client, stream) {
  const { rows } = await client.query('SELECT count(*) FROM events WHERE stream = $1', [stream])
  return Number(rows[0].count)
}

async function appends(client) {
  const one = await client.query(APPEND, ['node-order', 'Placed', { a: 1 }, -1])
  assert.strictEqual(one.command, 'INSERT')
  assert.strictEqual(one.rowCount, 1)
  assert.match(one.rows[0].position, /^\d+$/) // int8 is a string here
  say('append', versions(one.rows).replace('versions', 'version'))
  const many = await client.query(
    'INSERT INTO events (stream, type, payload, expected_version)' +
      ' VALUES ($1, $2, $3, $4), ($1, $2, $3, $4), ($1, $2, $3, $4) RETURNING position, version',
    ['node-order', 'Paid', { a: 1 }, 0]
  )
  const first = Number(many.rows[0].position)
  assert.deepStrictEqual(many.rows.map((r) => Number(r.position)), [first, first + 1, first + 2])
  say('append-many', versions(many.rows))
}

async function conflicts(client) {
  say('conflict', await refused(client, APPEND, ['node-order', 'Late', {}, 0]))
  say('conflict-new', await refused(client, APPEND, ['node-order', 'Late', {}, -1]))
  const at = 'INSERT INTO events (stream, type, payload, version) VALUES ($1, $2, $3, $4)'
  say('version-taken', await refused(client, at, ['node-order', 'Late', {}, 2]))
}

async function eventIds(client) {
  const withId = 'INSERT INTO events (event_id, stream, type, payload) VALUES ($1, $2, $3, $4)'
  const values = [randomUUID(), 'node-ids', 'Once', {}]
  await client.query(withId, values)
  say('event-id-used', await refused(client, withId, values))
  const again = await client.query(withId + ' ON CONFLICT (event_id) DO NOTHING RETURNING version', values)
  say('event-id-again', `rows=${again.rows.length}`)
  const { rows } = await client.query('SELECT event_id, version FROM events WHERE event_id = $1', [values[0]])
  assert.deepStrictEqual(rows, [{ event_id: values[0], version: '0' }])
}

async function badInput(client) {
  say('bad-json', await refused(client, APPEND, ['node-bad', 'Bad', '{"a":', -1]))
  say('null-type', await refused(client, APPEND, ['node-bad', null, '{}', -1]))
  say('unknown-column', await refused(client, 'SELECT colour FROM events'))
  say('unknown-relation', await refused(client, 'SELECT * FROM event'))
  say('syntax', await refused(client, 'SELEC 1'))
  say('bad-stored', `count=${await count(client, 'node-bad')}`)
}

async function readBack(client) {
  const read = 'SELECT version, type, payload FROM events WHERE stream = $1 ORDER BY version'
  const { rows } = await client.query(read, ['node-order'])
  for (const row of rows) assert.deepStrictEqual(row.payload, { a: 1 })
  say('read', versions(rows), 'types=' + rows.map((r) => r.type).join(','))
  const last = await client.query(read + ' DESC LIMIT $2', ['node-order', 2])
  say('read-back', versions(last.rows))
  const from = await client.query(
    'SELECT version FROM events WHERE stream = $1 AND version >= $2 ORDER BY version',
    ['node-order', 2]
  )
  say('read-from', versions(from.rows))
}

async function allColumns(client) {
  const stream = 'node-größe-⚙😀'
  const id = randomUUID()
  await client.query(
    'INSERT INTO events (event_id, stream, type, payload, metadata, tags) VALUES ($1, $2, $3, $4, $5, $6)',
    [id, stream, 'Ünï', PAYLOAD, METADATA, TAGS]
  )
  const { rows, fields } = await client.query(`SELECT ${COLUMNS} FROM events WHERE stream = $1`, [stream])
  assert.strictEqual(rows.length, 1)
  const row = rows[0]
  assert.match(row.position, /^\d+$/)
  assert.match(row.stream_id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(row.recorded_at instanceof Date)
  assert.ok(Math.abs(Date.now() - row.recorded_at) < 3600e3, row.recorded_at)
  for (const [column, want] of Object.entries({
    stream, version: '0', event_id: id, type: 'Ünï', payload: PAYLOAD, metadata: METADATA, tags: TAGS,
  })) {
    assert.deepStrictEqual(row[column], want)
  }
  assert.deepStrictEqual(
    fields.map((f) => f.dataTypeID),
    [20, 2950, 25, 20, 2950, 25, 3802, 3802, 1009, 1184]
  )
  say('all-columns ok')
}

async function nulls(client) {
  const id = randomUUID()
  await client.query(
    'INSERT INTO events (stream_id, type, payload, metadata, tags) VALUES ($1, $2, $3, $4, $5)',
    [id, 'Bare', '[]', null, null]
  )
  const { rows } = await client.query(`SELECT ${COLUMNS} FROM events WHERE stream_id = $1`, [id])
  assert.strictEqual(rows.length, 1)
  const { stream_id, stream, version, payload, metadata, tags } = rows[0]
  assert.deepStrictEqual(
    { stream_id, stream, version, payload, metadata, tags },
    { stream_id: id, stream: null, version: '0', payload: [], metadata: null, tags: null }
  )
  say('nulls ok')
}

async function opaque(client) {
  const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await client.query('INSERT INTO events (stream, type, payload_bytes) VALUES ($1, $2, $3)', [
    'node-opaque', 'Blob', body,
  ])
  const { rows } = await client.query('SELECT payload, payload_bytes FROM events WHERE stream = $1', ['node-opaque'])
  assert.deepStrictEqual(rows, [{ payload: null, payload_bytes: body }])
  say('opaque ok')
}

async function repeated(client) {
  const got = []
  for (let i = 0; i < 10; i++) {
    const { rows } = await client.query({ name: 'append', text: APPEND, values: ['node-repeated', 'Tick', { i }, i - 1] })
    got.push(rows[0])
  }
  say('repeated', versions(got))
  const text = 'SELECT version, payload FROM events WHERE stream = $1 AND version = $2'
  for (let i = 0; i < 10; i++) {
    const { rows } = await client.query({ name: 'read', text, values: ['node-repeated', i] })
    assert.deepStrictEqual(rows, [{ version: String(i), payload: { i } }])
  }
}

// Results in the binary format: node-postgres asks for them for a whole query.
async function binary(client) {
  const { rows } = await client.query({
    text: 'SELECT version, type FROM events WHERE stream = $1 ORDER BY version',
    values: ['node-order'],
    binary: true,
  })
  say('binary', versions(rows), 'types=' + rows.map((r) => r.type).join(','))
}

const plain = (client, stream, type) => client.query(APPEND, [stream, type, {}, null])

async function transactions(client) {
  await client.query('BEGIN')
  await plain(client, 'node-rolled-back', 'A')
  const inside = await count(client, 'node-rolled-back')
  await client.query('ROLLBACK')
  say('rollback', `inside=${inside}`, `after=${await count(client, 'node-rolled-back')}`)

  await client.query('BEGIN')
  const got = []
  for (const [stream, type] of [['node-commits', 'A'], ['node-commits-too', 'B'], ['node-commits', 'C']]) {
    got.push((await plain(client, stream, type)).rows[0])
  }
  await client.query('COMMIT')
  say('commit', versions(got), `after=${await count(client, 'node-commits')}+${await count(client, 'node-commits-too')}`)
}

async function savepoint(client) {
  await client.query('BEGIN')
  await plain(client, 'node-savepoint', 'A')
  await client.query('SAVEPOINT one')
  await plain(client, 'node-savepoint', 'B')
  await client.query('ROLLBACK TO SAVEPOINT one')
  await plain(client, 'node-savepoint', 'C')
  await client.query('COMMIT')
  const { rows } = await client.query('SELECT version, type FROM events WHERE stream = $1 ORDER BY version', ['node-savepoint'])
  say('savepoint', rows.map((r) => r.version + r.type).join(','))
}

async function failedBlock(client) {
  await client.query('BEGIN')
  await plain(client, 'node-failed', 'A')
  const first = await refused(client, APPEND, ['node-failed', 'B', {}, 7])
  const second = await refused(client, 'SELECT count(*) FROM events WHERE stream = $1', ['node-failed'])
  const end = await client.query('COMMIT')
  say('failed-block', first, second, end.command)
  say('failed-after', `count=${await count(client, 'node-failed')}`)
}

// Several statements in one message are one transaction.
async function several(client) {
  const insert = (type) => `INSERT INTO events (stream, type, payload) VALUES ('node-several', '${type}', '{}')`
  const results = await client.query(`${insert('A')}; ${insert('B')}; SELECT count(*) FROM events WHERE stream = 'node-several'`)
  say('several', results.map((r) => r.command).join(','), results[2].rows[0].count)
  const state = await refused(client, `${insert('C')}; SELEKT 1`)
  const late = await refused(client, `${insert('C')}; SELECT colour FROM events`)
  say('several-failed', state, late, `count=${await count(client, 'node-several')}`)
}

async function load(client) {
  const size = 1000
  for (let at = 0; at < LARGE; at += size) {
    const rows = Array.from({ length: size }, (_, i) => `($1, 'Loaded', '{"i": ${at + i}}')`)
    await client.query(`INSERT INTO events (stream, type, payload) VALUES ${rows.join(', ')}`, ['node-large'])
  }
}

async function largeCursor(client) {
  const cursor = client.query(
    new Cursor('SELECT version, payload FROM events WHERE stream = $1 ORDER BY version', ['node-large'])
  )
  let seen = 0
  for (;;) {
    const rows = await cursor.read(777)
    if (rows.length === 0) break
    for (const row of rows) {
      assert.deepStrictEqual(row, { version: String(seen), payload: { i: seen } })
      seen++
    }
  }
  await cursor.close()
  say('cursor', `rows=${seen}`)
}

// A portal given up half-way leaves the connection usable.
async function cursorAbandoned(client) {
  const cursor = client.query(new Cursor('SELECT version FROM events WHERE stream = $1 ORDER BY version', ['node-large']))
  const rows = await cursor.read(5)
  await cursor.close()
  say('cursor-abandoned', versions(rows), `count=${await count(client, 'node-order')}`)
}

async function pipeline() {
  const client = new Client({ pipeline: true })
  await client.connect()
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) => client.query(APPEND, ['node-pipeline', 'Tick', { i }, i - 1]))
  )
  const last = results.at(-1).rows
  const [conflict, after] = await Promise.allSettled([
    client.query(APPEND, ['node-pipeline', 'Late', {}, 0]),
    client.query(APPEND, ['node-pipeline', 'Tick', {}, 49]),
  ])
  say('pipeline', versions(last).replace('versions', 'version'), conflict.reason.code, versions(after.value.rows))
  await client.end()
}

// Clients of a pool race for one stream; each retries after a conflict.
async function pool() {
  const pool = new Pool({ max: 4 })
  const race = async () => {
    for (;;) {
      const { rows } = await pool.query('SELECT max(version) FROM events WHERE stream = $1', ['node-race'])
      try {
        await pool.query(APPEND, ['node-race', 'Tick', {}, rows[0].max ?? -1])
        return
      } catch (e) {
        if (e.code !== '40001') throw e
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, race))
  say('pool', `count=${await count(pool, 'node-race')}`)
  await pool.end()
}

async function main() {
  const client = new Client()
  await client.connect()
  const steps = [
    appends, conflicts, eventIds, badInput, readBack, allColumns, nulls, opaque, repeated, binary,
    transactions, savepoint, failedBlock, several, load, largeCursor, cursorAbandoned,
  ]
  for (const step of steps) await step(client)
  await client.end()
  await pipeline()
  await pool()
}

main().catch((e) => {
  console.error(e)
  process.exit(1)
})
