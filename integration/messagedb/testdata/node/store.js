// What @doughtnerd/message-store-connector does, against the address in the environment.
const { Client } = require('pg');
const { EventideClient, MessageStore, PostgresClient } = require('@doughtnerd/message-store-connector');
const { randomUUID } = require('crypto');
const assert = require('assert');

async function connect() {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  return new MessageStore(new EventideClient(new PostgresClient(client)));
}

async function main() {
  const [one, other] = await Promise.all([connect(), connect()]);
  const stream = `store-${randomUUID()}`;
  const message = (type) => ({ id: randomUUID(), type, data: { type }, metadata: { correlationStreamName: 'desk-1' } });
  assert.strictEqual((await one.getStreamVersion(stream)).streamVersion, null);
  assert.strictEqual(Number((await one.writeMessage(stream, message('First'), -1)).streamPosition), 0);
  assert.strictEqual(Number((await one.writeMessage(stream, message('Second'))).streamPosition), 1);
  const batches = await Promise.all([one.writeBatch(stream, [message('A'), message('B')]), other.writeBatch(stream, [message('C'), message('D')])]);
  assert.deepStrictEqual(batches.flat().map((p) => Number(p.streamPosition)).sort(), [2, 3, 4, 5]);
  const race = await Promise.allSettled([one.writeMessage(stream, message('X'), 5), other.writeMessage(stream, message('Y'), 5)]);
  assert.strictEqual(race.filter((r) => r.status === 'fulfilled').length, 1);
  assert.match(race.find((r) => r.status === 'rejected').reason.message, /Wrong expected version: 5/);
  assert.strictEqual((await one.getStreamVersion(stream)).streamVersion, 6);
  const list = await one.getStreamMessages(stream, { startingPosition: 1, batchSize: 2 });
  assert.deepStrictEqual(list.map((m) => m.position), [1, 2]);
  assert.strictEqual((await one.getCategoryMessages('store', { correlation: 'desk' })).length, 7);
  const [a, b] = await Promise.all([0, 1].map((m) => one.getCategoryMessages('store', { consumerGroupMember: m, consumerGroupSize: 2 })));
  assert.strictEqual(a.length + b.length, 7);
  assert.strictEqual((await one.getLastStreamMessage(stream))[0].position, 6);
  const sum = await one.project(stream, { projectionName: 'count', entity: 0, handlers: { First: (n) => n + 1, Second: (n) => n + 1 } });
  assert.strictEqual(sum, 2);
  console.log('ok');
  process.exit(0);
}

main().catch((e) => { console.error(e); process.exit(1); });
