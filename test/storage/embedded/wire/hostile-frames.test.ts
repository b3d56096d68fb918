import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Socket, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateObjectSize, deserialize, serialize } from 'bson';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { type EmbeddedDatabase, startEmbedded } from '../../../../server/storage/embedded/start.ts';

const OP_MSG = 2013;

function message(
  sections: Buffer,
  { opCode = OP_MSG, flags = 0, length }: { opCode?: number; flags?: number; length?: number } = {},
): Buffer {
  const frame = Buffer.alloc(20 + sections.length);
  frame.writeInt32LE(length ?? frame.length, 0);
  frame.writeInt32LE(7, 4);
  frame.writeInt32LE(opCode, 12);
  frame.writeUInt32LE(flags, 16);
  sections.copy(frame, 20);
  return frame;
}

function body(doc: Record<string, unknown>): Buffer {
  return Buffer.concat([Buffer.from([0]), serialize(doc)]);
}

/** What came back: the document of each reply, and whether the server closed the connection. */
async function exchange(
  port: number,
  frame: Buffer,
  waitForClose: boolean,
): Promise<{ replies: Record<string, unknown>[]; closed: boolean }> {
  const socket: Socket = createConnection({ port, host: '127.0.0.1' });
  const parts: Buffer[] = [];
  let closed = false;
  await once(socket, 'connect');
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (part) => {
      parts.push(part);
      if (!waitForClose && repliesIn(Buffer.concat(parts)).length > 0) resolve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
      resolve();
    });
  });
  socket.write(frame);
  await ended;
  socket.destroy();
  return { replies: repliesIn(Buffer.concat(parts)), closed };
}

function repliesIn(bytes: Buffer): Record<string, unknown>[] {
  const replies: Record<string, unknown>[] = [];
  for (let at = 0; at + 16 <= bytes.length && at + bytes.readInt32LE(at) <= bytes.length; at += bytes.readInt32LE(at))
    replies.push(deserialize(bytes.subarray(at + 21, at + bytes.readInt32LE(at))));
  return replies;
}

describe('embedded database: hostile frames', () => {
  let dataDir: string;
  let database: EmbeddedDatabase;
  let client: MongoClient;
  let port: number;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'frames-'));
    database = await startEmbedded({ dataDir, listen: { host: '127.0.0.1', port: 0 } });
    port = Number(new URL(database.uri).port);
    client = await new MongoClient(database.uri).connect();
    await client.db('safe').collection<{ _id: number }>('kept').insertOne({ _id: 1 });
  });
  after(async () => {
    await client.close();
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    expect(await client.db('safe').collection('kept').countDocuments({})).to.equal(1);
  });

  it('answers a broken message with ProtocolError and ends the connection', async () => {
    const ping = body({ ping: 1, $db: 'admin' });
    for (const frame of [
      message(ping, { flags: 1 << 5 }),
      message(ping, { opCode: 2012 }),
      message(Buffer.concat([Buffer.from([9]), ping])),
      message(Buffer.concat([ping, ping])),
      message(Buffer.alloc(0)),
      message(Buffer.from([0, 255, 255, 0, 0])),
      message(Buffer.concat([ping, Buffer.from([1, 90, 0, 0, 0, 97, 0])])),
    ]) {
      const { replies, closed } = await exchange(port, frame, true);
      expect(closed).to.equal(true);
      expect(replies[0]).to.include({ ok: 0, code: 17 });
    }
  });

  it('ends the connection of a message that is longer than the limit, before its bytes come', async () => {
    const { replies, closed } = await exchange(port, message(Buffer.alloc(0), { length: 48_000_001 }), true);
    expect(closed).to.equal(true);
    expect(replies[0]).to.include({ code: 17 });
  });

  it('answers a broken document inside of a command and keeps the connection', async () => {
    const broken = serialize({ _id: 5, text: 'hello', list: [1, 2] });
    broken[broken.length - 9] = 0x7e; // the type of the last element
    const insert = serialize({ insert: 'kept', $db: 'safe' });
    const sequence = Buffer.concat([Buffer.from('documents\0'), broken]);
    const header = Buffer.alloc(5);
    header[0] = 1;
    header.writeInt32LE(sequence.length + 4, 1);
    const { replies } = await exchange(
      port,
      message(Buffer.concat([Buffer.from([0]), insert, header, sequence])),
      false,
    );
    expect(JSON.stringify(replies[0])).to.match(/Invalid BSON/);
  });

  it('refuses a document over 16 MB, and one nested too deeply', async () => {
    const large = await exchange(
      port,
      // Over the limit, and within the 17 MB up to which the bson package serializes without being told a size.
      message(body({ insert: 'kept', $db: 'safe', documents: [{ _id: 9, p: 'x'.repeat(16 * 1024 * 1024 + 1000) }] })),
      false,
    );
    expect(JSON.stringify(large.replies[0])).to.match(/10334/);
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 300; level += 1) deep = { a: deep };
    const nested = await exchange(
      port,
      message(body({ insert: 'kept', $db: 'safe', documents: [{ _id: 9, deep }] })),
      false,
    );
    expect(nested.replies[0]).to.satisfy(
      (reply: { ok: number; writeErrors?: unknown[] }) => reply.ok === 0 || reply.writeErrors?.length === 1,
    );
    const query = await exchange(port, message(body({ find: 'kept', $db: 'safe', filter: deep })), false);
    expect(query.replies[0]).to.include({ ok: 0 });
  });

  it('survives names that mean something to JavaScript', async () => {
    const kept = client.db('safe').collection<Record<string, unknown>>('names');
    const doc = JSON.parse(
      '{"_id":1,"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":"x","hasOwnProperty":2}',
    ) as Record<string, unknown>;
    await kept.insertOne(doc);
    expect(await kept.countDocuments({ constructor: 1 })).to.equal(0);
    expect(await kept.countDocuments({ toString: 'x' })).to.equal(1);
    const { replies } = await exchange(port, message(body({ constructor: 1, $db: 'safe' })), false);
    expect(replies[0]).to.include({ code: 59 });
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('answers or closes, and stays alive, whatever comes (mutated commands)', async () => {
    const commands: Record<string, unknown>[] = [
      { ping: 1, $db: 'admin' },
      { find: 'kept', filter: { a: { $gt: 1 } }, sort: { a: 1 }, limit: 3, $db: 'fuzz' },
      { insert: 'kept', documents: [{ _id: 1, a: [1, { b: 2 }] }], ordered: true, $db: 'fuzz' },
      { update: 'kept', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } }, multi: true }], $db: 'fuzz' },
      {
        aggregate: 'kept',
        pipeline: [{ $match: { a: 1 } }, { $group: { _id: '$a', n: { $sum: 1 } } }],
        cursor: {},
        $db: 'fuzz',
      },
      { createIndexes: 'kept', indexes: [{ key: { a: 1 }, name: 'a_1', unique: true }], $db: 'fuzz' },
      { findAndModify: 'kept', query: { a: 1 }, update: { $inc: { n: 1 } }, upsert: true, $db: 'fuzz' },
      { getMore: 5, collection: 'kept', $db: 'fuzz' },
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: commands.length - 1 }),
        fc.array(
          fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.integer({ min: 0, max: 255 }) }),
          { minLength: 1, maxLength: 6 },
        ),
        async (which, changes) => {
          const command = commands[which] ?? {};
          const frame = message(body(command));
          expect(calculateObjectSize(command)).to.equal(frame.length - 21);
          // The length stays, so that the message is complete and must be answered.
          for (const { at, byte } of changes)
            frame[Math.min(frame.length - 1, 4 + Math.floor(at * (frame.length - 4)))] = byte;
          // An unacknowledged write has no answer: the flag is not set by chance.
          frame[16] = 0;
          const { replies, closed } = await exchange(port, frame, false);
          expect(closed || replies.length === 1).to.equal(true);
        },
      ),
      { numRuns: 400 },
    );
    const stats = await client
      .db('fuzz')
      .command({ validate: 'kept' })
      .catch(() => ({ errors: [] }));
    expect(stats['errors']).to.deep.equal([]);
  });

  it('answers a pipeline of commands in their order', async () => {
    const frames = Buffer.concat(
      Array.from({ length: 500 }, (_, at) =>
        message(body(at % 2 === 0 ? { ping: 1, $db: 'admin' } : { find: 'kept', $db: 'safe' })),
      ),
    );
    const socket = createConnection({ port, host: '127.0.0.1' });
    const parts: Buffer[] = [];
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('data', (part) => {
        parts.push(part);
        bytes += part.length;
        if (repliesIn(Buffer.concat(parts)).length === 500) resolve();
      });
      // In pieces that cut messages anywhere.
      for (let at = 0; at < frames.length; at += 977) socket.write(frames.subarray(at, at + 977));
    });
    socket.destroy();
    const replies = repliesIn(Buffer.concat(parts));
    expect(bytes).to.be.greaterThan(0);
    expect(replies.map((reply) => 'cursor' in reply)).to.deep.equal(
      Array.from({ length: 500 }, (_, at) => at % 2 === 1),
    );
  });
});
