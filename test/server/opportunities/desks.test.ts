import { expect } from 'chai';
import * as fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { createIndexes } from '../../../server/app/create-indexes.ts';
import { Desks, deskItem } from '../../../server/opportunities/desks.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender } from '../../../server/timeline/appender.ts';
import { type EntryDoc, entryModel } from '../../../server/timeline/entry-store.ts';
import { createPages } from '../../../server/timeline/pages.ts';
import type { Entry } from '../../../shared/contract/entries.ts';
import type { Side } from '../../../shared/contract/primitives.ts';
import { EMPTY_DESK, foldDesk } from '../../../shared/model/opportunity/desk.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createSharedDatabase, type SharedDatabase } from '../../support/shared-database.ts';

describe('Desks', () => {
  let database: SharedDatabase;
  const clock = new ManualClock();
  let appender: Appender;
  /** Two servers' own. */
  let desks: Desks[];

  before(async () => {
    database = await createSharedDatabase();
    const { connection } = database;
    const entries = entryModel(connection);
    appender = new Appender({ entries, clock, log: createLog('silent'), onEntry: () => undefined });
    const pages = createPages(entries);
    desks = [new Desks({ connection, pages }), new Desks({ connection, pages })];
    await createIndexes([entries, ...desks.slice(0, 1).map(({ model }) => model)]);
  });
  after(async () => {
    await appender.close();
    await database.drop();
  });

  const of = (roomId: string, org = 'studio') => ({ roomId, org, name: 'Studio', title: 'A logo' });
  const write = async (roomId: string, side: Side, recalled?: EntryDoc): Promise<EntryDoc> => {
    clock.advance(60_000);
    const kind = recalled === undefined ? 'message' : 'recall';
    const { doc } = await appender.append({
      roomId,
      stream: 'desk:studio',
      kind,
      actor: { id: side, name: side, side },
      body: recalled === undefined ? { text: 'x' } : { entryId: recalled._id.toHexString() },
      ...(recalled === undefined ? {} : { target: recalled.seq }),
    });
    return doc;
  };
  const follow = async (roomId: string, server = 0) => {
    const one = desks[server];
    if (one === undefined) throw new Error('there is no such server');
    const { desk, changed } = await one.follow(of(roomId));
    const { unanswered, since } = deskItem(desk);
    return { unanswered, since, changed };
  };

  it("counts the provider's messages since the operators' last one, from the oldest of them on", async () => {
    const first = await write('r-1', 'provider');
    const since = first.at.toISOString();
    expect(await follow('r-1')).to.deep.equal({ unanswered: 1, since, changed: true });
    await write('r-1', 'provider');
    expect(await follow('r-1')).to.deep.equal({ unanswered: 2, since, changed: true });
    expect(await follow('r-1', 1)).to.deep.equal({ unanswered: 2, since, changed: false });
    await write('r-1', 'operator');
    expect(await follow('r-1', 1)).to.deep.equal({ unanswered: 0, since: null, changed: true });
    const next = await write('r-1', 'provider');
    expect(await follow('r-1')).to.deep.equal({ unanswered: 1, since: next.at.toISOString(), changed: true });
  });

  it('forgets a question that was recalled, and an answer too', async () => {
    const [first, second] = [await write('r-2', 'provider'), await write('r-2', 'provider')];
    await follow('r-2');
    await write('r-2', 'provider', first);
    expect(await follow('r-2')).to.include({ unanswered: 1, since: second.at.toISOString() });
    const answer = await write('r-2', 'operator');
    expect(await follow('r-2')).to.include({ unanswered: 0, since: null });
    await write('r-2', 'operator', answer);
    expect(await follow('r-2')).to.include({ unanswered: 1, since: second.at.toISOString() });
    await write('r-2', 'provider', second);
    expect(await follow('r-2')).to.include({ unanswered: 0, since: null });
  });

  it('counts each message once, however many are written and counted at once at two servers', async () => {
    // More than are read at a time.
    await Promise.all(Array.from({ length: 220 }, () => write('r-3', 'provider')));
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        await write('r-3', 'provider');
        await follow('r-3', n % 2);
      }),
    );
    expect(await follow('r-3')).to.include({ unanswered: 260, changed: false });
  });

  it('lists what is not answered, the oldest first, page by page', async () => {
    for (const roomId of ['r-5', 'r-4', 'r-6']) {
      await write(roomId, 'provider');
      await follow(roomId);
    }
    await write('r-6', 'operator');
    await follow('r-6');
    const [one] = desks;
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await one?.list({ cursor, limit: 2 });
      listed.push(...(page?.items ?? []).map(({ roomId }) => roomId));
      cursor = page?.nextCursor;
    } while (cursor !== undefined);
    expect(listed).to.deep.equal(['r-1', 'r-3', 'r-5', 'r-4']);
  });

  it('comes to the same whether it is folded at once or bit by bit', () => {
    const side = fc.constantFrom<Side>('provider', 'operator', 'buyer');
    fc.assert(
      fc.property(fc.array(side), fc.array(fc.nat(30)), (sides, cuts) => {
        const entries = sides.map(
          (by, index): Entry => ({
            id: `e-${index}`,
            roomId: 'r',
            stream: 'desk:studio',
            seq: index + 1,
            kind: 'message',
            at: new Date(index * 1_000).toISOString(),
            actor: { id: by, name: by, side: by },
            body: { text: 'x' },
          }),
        );
        const whole = foldDesk(EMPTY_DESK, entries);
        const edges = [...new Set([...cuts, entries.length])].sort((a, b) => a - b);
        let from = 0;
        let desk = EMPTY_DESK;
        for (const edge of edges) {
          desk = foldDesk(desk, entries.slice(from, edge));
          from = edge;
        }
        expect(desk).to.deep.equal(whole);
        // What was taken in already changes nothing.
        expect(foldDesk(whole, entries)).to.deep.equal(whole);
        const lastAnswer = sides.lastIndexOf('operator');
        expect(whole.unanswered).to.equal(sides.slice(lastAnswer + 1).filter((by) => by === 'provider').length);
        expect(whole.since === null).to.equal(whole.unanswered === 0);
      }),
    );
  });
});
