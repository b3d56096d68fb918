import { Readable } from 'node:stream';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TwilioBridge } from '../../../server/calls/bridges/twilio.ts';
import { RecordingRetention } from '../../../server/calls/recording-retention.ts';
import { recordingModel, Recordings, type RecordingsParts } from '../../../server/calls/recordings.ts';
import { RECORDING_WAIT_MS } from '../../../shared/contract/limits.ts';
import { until } from '../../support/client.ts';
import { getFile } from '../../support/files.ts';
import { Phones } from '../../support/phones.ts';
import { wireSuite } from '../../support/wire-suite.ts';
import { SOUND } from './carriers/carrier-server.ts';
import { BOUGHT } from './carriers/stories.ts';
import { RECORDING_SID, TWILIO_ACCOUNT, TwilioCarrier } from './carriers/twilio-carrier.ts';

const MINUTE = 60_000;
const DAY_MS = 86_400_000;
/** Longer than a copy has. */
const LEASE_MS = 15 * MINUTE;

describe('recordings', () => {
  const suite = wireSuite();
  const carrier = new TwilioCarrier();
  const lost: object[] = [];
  before(() => carrier.start());
  after(() => carrier.stop());

  /** What one server has. */
  function server(more: Partial<Pick<RecordingsParts, 'stopping' | 'files'>> = {}): Recordings {
    const { context, clock } = suite;
    return new Recordings({
      model: recordingModel(context.connection),
      bridge: new TwilioBridge({
        ...TWILIO_ACCOUNT,
        number: BOUGHT.twilio,
        callbackUrl: 'https://rooms.example/callbacks/calls',
        record: true,
        endpoint: carrier.origin,
      }),
      files: context.files,
      vault: context.vault,
      clock,
      stopping: () => false,
      onLost: (_error, about) => void lost.push(about),
      ...more,
    });
  }

  const docs = (callId: string) => recordingModel(suite.context.connection).find({ callId }).lean();
  const filesOf = (callId: string) =>
    suite.database.connection.collection('files.files').countDocuments({ filename: `call-${callId}.mp3` });
  const chunks = () => suite.database.connection.collection('files.chunks').countDocuments({});
  const wanted = async (callId: string, by = server(), recording = RECORDING_SID): Promise<Recordings> => {
    await by.want({ callId, recording }, { roomId: await suite.portal.project(), cause: 'a-callback' });
    return by;
  };

  /** Has the carrier wait with what it is asked for from now on. */
  function hold(): () => void {
    let open: () => void = () => undefined;
    carrier.given = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  it('are noted under the key of the vault: a carrier writes numbers into the names of files', async () => {
    const address = 'https://files.aliyuncs.com/1000_0b6391_8613900001110.mp3?Expires=1&Signature=x';
    const recordings = await wanted('sealed', server(), address);
    expect(await suite.database.dump()).not.to.include('13900001110');
    // Named again, with another signature, it is the same one; that of another call is not.
    await recordings.want({ callId: 'sealed', recording: address.replace('=1&', '=2&') }, { roomId: 'r' });
    expect(await docs('sealed')).to.have.length(1);
    await wanted('sealed2', recordings, address);
    expect(await docs('sealed2')).to.have.length(1);
    // What is no name of a recording of this carrier is given up at once.
    expect(await recordings.run()).to.equal(0);
    expect(lost).to.have.length(2);
    for (const [doc] of [await docs('sealed'), await docs('sealed2')])
      expect(doc).to.include({ tryAt: null, reference: null, fileId: null, cause: 'a-callback' });
    expect(carrier.fetched).to.equal(0);
  });

  it('of a server that died while it copied are copied by another one when its time is over', async () => {
    const recordings = await wanted('died');
    const open = hold();
    const before = carrier.fetched;
    const slow = recordings.run();
    await until('it is asked for', () => carrier.fetched > before);
    carrier.given = Promise.resolve();
    const other = server();
    suite.clock.advance(LEASE_MS - 1);
    expect(await other.run()).to.equal(0);
    suite.clock.advance(1);
    expect(await other.run()).to.equal(1);
    const [{ fileId } = { fileId: null }] = await docs('died');
    // It was not dead after all: what it brings, is there already.
    open();
    expect(await slow).to.equal(0);
    expect(await filesOf('died')).to.equal(1);
    expect((await docs('died'))[0]?.fileId).to.equal(fileId);
    expect(await recordings.of(['died', 'never'])).to.deep.equal(new Map([['died', fileId]]));
  });

  it('are not lost where a server takes up what another one has just brought', async () => {
    const open: (() => void)[] = [];
    // The file is there, and the server takes its time to note that.
    const slow = () =>
      server({
        files: {
          async copy(copy) {
            const fileId = await suite.context.files.copy(copy);
            await new Promise<void>((resolve) => open.push(resolve));
            return fileId;
          },
          dropCopy: (fileId) => suite.context.files.dropCopy(fileId),
        },
      });
    const [one, other] = [await wanted('taken-up', slow()), slow()];
    const first = one.run();
    await until('the first has it', () => open.length === 1);
    suite.clock.advance(LEASE_MS);
    const second = other.run();
    await until('the second has found it', () => open.length === 2);
    open[0]?.();
    expect(await first).to.equal(1);
    open[1]?.();
    expect(await second).to.equal(0);
    expect(await filesOf('taken-up')).to.equal(1);
    const [{ fileId } = { fileId: null }] = await docs('taken-up');
    expect(await suite.context.gridFiles.find(fileId ?? '')).to.include({ filename: 'call-taken-up.mp3' });
  });

  it('that are there, and not noted by a server that died, are not copied again', async () => {
    const recordings = await wanted('noted');
    expect(await recordings.run()).to.equal(1);
    const [{ _id, fileId } = { _id: '', fileId: null }] = await docs('noted');
    // As that server left it.
    const reference = suite.context.vault.keyring.seal(Buffer.from(RECORDING_SID), ['recording', _id]);
    const asLeft = { fileId: null, tryAt: new Date(suite.clock.now()), reference };
    await recordingModel(suite.context.connection).updateOne({ _id }, { $set: asLeft });
    expect(await server().run()).to.equal(1);
    expect((await docs('noted'))[0]?.fileId).to.equal(fileId);
    expect(await filesOf('noted')).to.equal(1);
  });

  it('are left to another server by one that stops, and nothing of them stays', async () => {
    const held = await chunks();
    let stopping = false;
    const recordings = await wanted('stopped', server({ stopping: () => stopping }));
    const open = hold();
    const before = carrier.fetched;
    const run = recordings.run();
    await until('it is asked for', () => carrier.fetched > before);
    stopping = true;
    open();
    expect(await run).to.equal(0);
    expect(await filesOf('stopped')).to.equal(0);
    expect(await chunks()).to.equal(held);
    // At once: it was no fault of the carrier's.
    expect(await server().run()).to.equal(1);
    expect(await filesOf('stopped')).to.equal(1);
  });

  it('that are no sound, too large or empty stay out of the files', async () => {
    const held = await chunks();
    const { files } = suite.context;
    const copy = (bytes: Buffer, maxBytes: number) =>
      files.copy({
        roomId: 'r',
        stream: 'operator',
        by: { userId: 'system', side: 'service' },
        of: 'recording:x',
        name: 'call-x',
        maxBytes,
        bytes: (async function* () {
          yield bytes;
        })(),
      });
    await refusedWith(copy(Buffer.from('<html>'), 1000), 'unsupported_type');
    await refusedWith(copy(SOUND, SOUND.length - 1), 'too_large');
    await refusedWith(copy(Buffer.alloc(0), 1000), 'invalid');
    expect(await chunks()).to.equal(held);
    await copy(SOUND, SOUND.length);
    expect(await filesOf('x')).to.equal(1);
  });

  it('are asked for less and less often, and not after a day', async () => {
    const recordings = await wanted('away');
    carrier.recording = undefined;
    const before = carrier.fetched;
    try {
      const begun = suite.clock.now();
      const hours: number[] = [];
      while (suite.clock.now() - begun < 2 * RECORDING_WAIT_MS) {
        await recordings.run();
        if ((suite.clock.now() - begun) % (60 * MINUTE) === 0) hours.push(carrier.fetched - before);
        suite.clock.advance(5 * MINUTE);
      }
      expect(hours[1]).to.be.within(6, 10);
      // Four times an hour from then on, and at last never.
      expect((hours[23] ?? 0) - (hours[22] ?? 0)).to.equal(4);
      expect(hours.at(-1)).to.equal(hours[25]);
      expect(lost.at(-1)).to.include({ call: 'away' });
    } finally {
      carrier.recording = SOUND;
    }
  });
});

describe('recordings that were kept for long enough', () => {
  const suite = wireSuite({ CALL_RECORDING: '1', CALL_RECORDING_DAYS: '2' });
  const phones = new Phones(suite);
  before(() => phones.seed());

  it('are removed with what names them, and copies that nothing names with them', async () => {
    const { context, clock, portal, database } = suite;
    const files = () => database.connection.collection('files.files').countDocuments({});
    const record = async () => {
      const call = await phones.place('admin', 'buyer', { roomId: await phones.project() });
      for (const ms of [1000, 3000, 3000, 30_000]) await phones.after(ms);
      await context.sweeps.recordings();
      const { recording } = await phones.seen('operator', call);
      if (recording === undefined) throw new Error('the call was not recorded');
      return { call, recording };
    };
    const old = await record();
    // What a server that died has left: brought, and slower than another one.
    await context.files.copy({
      roomId: old.call.roomId,
      stream: 'operator',
      by: { userId: 'system', side: 'service' },
      of: 'recording:somewhere',
      name: 'call-left',
      maxBytes: SOUND.length,
      bytes: Readable.from([SOUND]),
    });
    const kept = clock.now();
    clock.advance(DAY_MS);
    const young = await record();
    clock.advance(kept + 2 * DAY_MS - clock.now());
    await context.sweeps.recordings();
    expect(await files()).to.equal(3);
    clock.advance(1);
    await context.sweeps.recordings();
    expect(await files()).to.equal(1);
    expect(await phones.seen('operator', old.call)).not.to.have.property('recording');
    expect((await getFile(portal.url, await portal.token('operator'), old.recording)).status).to.equal(404);
    expect(await phones.seen('operator', young.call)).to.include({ recording: young.recording });
    // Its carrier naming it once more brings nothing back.
    await context.calls.hear({ callId: old.call.id, recording: `sim-${old.call.id}` });
    expect(await context.sweeps.recordings()).to.equal(0);
    expect(await files()).to.equal(1);
  });

  it('are removed where nothing joins phones any more', async () => {
    const removed: number[] = [];
    const retention = new RecordingRetention({
      model: recordingModel(suite.context.connection),
      files: suite.context.files,
      keptMs: 1,
      clock: suite.clock,
      stopping: () => false,
      onRemoved: (count) => void removed.push(count),
    });
    suite.clock.advance(1000);
    await retention.run();
    await retention.run();
    expect(removed).to.deep.equal([1]);
  });
});

async function refusedWith(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.include({ code });
}
