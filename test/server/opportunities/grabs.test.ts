import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { mongo } from 'mongoose';
import { createIndexes } from '../../../server/app/create-indexes.ts';
import { Grabs } from '../../../server/opportunities/grabs.ts';
import { roomModel } from '../../../server/rooms/room-model.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { GRABS_A_DAY } from '../../../shared/contract/limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createSharedDatabase, type SharedDatabase } from '../../support/shared-database.ts';

const HOUR_MS = 3_600_000;

describe('Grabs', () => {
  let database: SharedDatabase;
  /** Ten in the morning in Shanghai. */
  const clock = new ManualClock(Date.UTC(2026, 10, 20, 2));
  const wall = new ManualClock();
  let grabs: Grabs;

  before(async () => {
    database = await createSharedDatabase();
    const { connection } = database;
    const rooms = roomModel(connection);
    grabs = new Grabs({ connection, rooms, clock, wall, timeZone: 'Asia/Shanghai' });
    await createIndexes([grabs.model]);
  });
  after(() => database.drop());

  /** Stores what a grab stores, as far as it is asked for. */
  const engage = async (org: string, roomId: string): Promise<string> => {
    await database.connection
      .collection<mongo.Document & { _id: string }>('rooms')
      .updateOne(
        { _id: roomId },
        { $push: { 'opportunity.engagements': { provider: { org }, origin: 'grabbed' } } as object },
        { upsert: true },
      );
    return roomId;
  };
  const grab = (org: string, roomId: string): Promise<string> => grabs.with(org, roomId, () => engage(org, roomId));
  const refusal = async (work: Promise<unknown>): Promise<RoomError> => {
    const outcome = await work.catch((error: unknown) => error);
    if (outcome instanceof RoomError) return outcome;
    throw new Error('was expected to be refused');
  };

  it('gives five a day, each demand once, and says how long it is until midnight in Shanghai', async () => {
    for (let n = 1; n <= GRABS_A_DAY; n++) expect(await grab('a', `a-${n}`)).to.equal(`a-${n}`);
    expect(await grab('a', 'a-3')).to.equal('a-3');
    const { code, retryAfterMs } = await refusal(grab('a', 'a-6'));
    expect({ code, retryAfterMs }).to.deep.equal({ code: 'rate_limited', retryAfterMs: 14 * HOUR_MS });
    expect(await grab('b', 'a-6')).to.equal('a-6');
    clock.advance(14 * HOUR_MS - 1);
    expect((await refusal(grab('a', 'a-6'))).retryAfterMs).to.equal(1);
    clock.advance(1);
    for (let n = 6; n <= 10; n++) expect(await grab('a', `a-${n}`)).to.equal(`a-${n}`);
    expect((await refusal(grab('a', 'a-11'))).retryAfterMs).to.equal(24 * HOUR_MS);
  });

  it('counts nothing that was refused', async () => {
    for (let n = 0; n < 10; n++) {
      const late = () => Promise.reject(new RoomError('conflict', 'It is too late.'));
      expect((await refusal(grabs.with('c', `c-${n}`, late))).code).to.equal('conflict');
    }
    for (let n = 1; n <= GRABS_A_DAY; n++) await grab('c', `c-${n}`);
    expect((await refusal(grab('c', 'c-6'))).code).to.equal('rate_limited');
  });

  it('gives no more than five of forty that come at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => grab('d', `d-${n}`)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(GRABS_A_DAY);
    const stored = await database.connection
      .collection('rooms')
      .countDocuments({ 'opportunity.engagements.provider.org': 'd' });
    expect(stored).to.equal(GRABS_A_DAY);
  });

  it('forgets in time what a server claimed that died, and nothing else', async () => {
    const lost = () => Promise.reject(new Error('the process was killed'));
    await grabs.with('e', 'e-1', lost).catch(() => undefined);
    await grabs
      .with('e', 'e-2', async () => {
        await engage('e', 'e-2');
        return lost();
      })
      .catch(() => undefined);
    for (const roomId of ['e-3', 'e-4', 'e-5']) await grab('e', roomId);
    expect((await refusal(grab('e', 'e-6'))).code).to.equal('rate_limited');
    wall.advance(60_000);
    expect(await grab('e', 'e-6')).to.equal('e-6');
    expect((await refusal(grab('e', 'e-7'))).code).to.equal('rate_limited');
  });
});
