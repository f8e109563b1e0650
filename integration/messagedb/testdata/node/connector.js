// What message-db-connector does, against the address in the environment: two writers race, one of them is told of the right version.
const { MessageDbReader, MessageDbWriter, Message } = require('message-db-connector');
const { randomUUID } = require('crypto');
const assert = require('assert');

// Its writer knows one address alone: what is sent to that port comes here.
const net = require('net');
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (port, ...rest) {
  return port === 5432 ? connect.call(this, Number(new URL(process.env.DATABASE_URL).port), '127.0.0.1') : connect.call(this, port, ...rest);
};

const pgConnectionConfig = { connectionString: process.env.DATABASE_URL };

async function main() {
  const reader = await MessageDbReader.Make({ pgConnectionConfig });
  const writer = await MessageDbWriter.Make({ pgConnectionConfig });
  const stream = `connector-${randomUUID()}`;
  const message = (type) => ({ id: randomUUID(), type, streamName: stream, data: { type }, metadata: {} });
  const first = message('First');
  await writer.write(new Message(first), -1);
  await assert.rejects(writer.write(new Message(first)), (e) => /duplicate|already/i.test(e.constructor.name + e.message));
  const race = await Promise.allSettled([writer.write(new Message(message('A')), 0), writer.write(new Message(message('B')), 0)]);
  assert.strictEqual(race.filter((r) => r.status === 'fulfilled').length, 1);
  assert.match(race.find((r) => r.status === 'rejected').reason.constructor.name, /Version/i);
  const list = await reader.getStreamMessages(stream);
  assert.deepStrictEqual(list.map((m) => Number(m.position)), [0, 1]);
  assert.strictEqual((await reader.getStreamMessages('connector')).length, 2);
  assert.strictEqual(Number((await reader.getLastMessage(stream)).position), 1);
  assert.strictEqual(await reader.getLastMessage(`connector-${randomUUID()}`), null);
  console.log('ok');
  process.exit(0);
}

main().catch((e) => { console.error(e); process.exit(1); });
