import { expect } from 'chai';
import * as fc from 'fast-check';
import type { LiveRoom, StreamView } from '../../client-sdk/index.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import { isOver } from '../../shared/model/call/call.ts';
import { CallStory, COMPLETED, CONNECTED, NOT_ANSWERED, RINGING_CALLEE, RINGING_CALLER } from './support/call-story.ts';
import { settle } from './support/fake-clock.ts';
import { ANN, BOB, type FakeServer, readView, ROOM } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const STREAMS = ['public', 'provider'] as const;

/** What may happen to one client of a room, in any order. Numbers choose among what there is at that moment. */
type Happening =
  | { what: 'post' | 'send'; stream: (typeof STREAMS)[number] }
  | { what: 'edit' | 'recall' | 'lose' | 'duplicate' | 'overtake' | 'deliver'; which: number }
  | { what: 'break' | 'loseAck' | 'loseRequest' | 'deny' | 'older' | 'burst' }
  | { what: 'call'; which: number }
  | { what: 'wait'; ms: number };

/** What a carrier says of a call, in any order: the rules pass over what comes too late. */
const WORDS = [RINGING_CALLER, RINGING_CALLEE, CONNECTED, COMPLETED, NOT_ANSWERED];

const which = fc.nat({ max: 1000 });
const stream = fc.constantFrom(...STREAMS);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constantFrom('post' as const, 'send' as const), stream }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom('edit', 'recall', 'lose', 'duplicate', 'overtake', 'deliver', 'deliver', 'deliver'),
      which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('break', 'loseAck', 'loseRequest', 'deny', 'older', 'burst'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('call' as const), which }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.nat({ max: 15_000 }) }) },
);

const changeable = (server: FakeServer): Entry[] =>
  readView(STREAMS.flatMap((name) => server.raw(name))).filter((e) => e.kind === 'message' && !e.recalledAt);

const pick = <T>(from: readonly T[], number: number): T | undefined => from[number % Math.max(1, from.length)];

/** Keeps watch over what must hold at every moment, not only at the end. */
function guard(room: LiveRoom): string[] {
  const faults: string[] = [];
  const lastTold = new Map<string, number>();
  room.on('entry', ({ entry }) => {
    const last = lastTold.get(entry.stream);
    if (last !== undefined && entry.seq !== last + 1) faults.push(`told of ${entry.seq} after ${last}`);
    lastTold.set(entry.stream, entry.seq);
  });
  room.on('change', ({ streams }) => {
    for (const { entries, pending } of Object.values(streams)) {
      for (const [index, entry] of entries.entries()) {
        if (index > 0 && entry.seq <= (entries[index - 1] as Entry).seq) faults.push(`order at ${entry.seq}`);
      }
      const shown = new Set(entries.flatMap(({ clientId }) => clientId ?? []));
      for (const { clientId } of pending) if (shown.has(clientId)) faults.push(`shown twice: ${clientId}`);
    }
  });
  return faults;
}

/** A call goes on by a word, or a new one is asked for where there is none. */
function call(story: CallStory, number: number): void {
  const running = [...story.calls.values()].find((one) => !isOver(one));
  const word = WORDS[number % WORDS.length];
  if (running !== undefined && word !== undefined) story.hear(running.id, word);
  else if (number % 2 === 0) story.place(ANN, BOB, number % 4 === 0 ? 'public' : 'provider');
  else story.place(BOB, ANN);
}

async function happen(
  { server, clock }: Stage,
  { room, story }: { room: LiveRoom; story: CallStory },
  event: Happening,
  text: string,
): Promise<void> {
  const line = server.connections.find(({ closed }) => !closed);
  const events = line?.queue.filter(({ isEvent }) => isEvent) ?? [];
  const lose = (command: string) => {
    const fate = event.what === 'loseAck' ? 'loseAck' : event.what === 'deny' ? unavailable : 'loseRequest';
    let times = 1;
    server.fate = (name) => (name === command && times-- > 0 ? fate : 'answer');
  };
  switch (event.what) {
    case 'post':
      server.post(text, { stream: event.stream });
      break;
    case 'burst':
      for (let n = 0; n < 60; n++) server.post(`${text}.${n}`);
      break;
    case 'send':
      room.send(text, { stream: event.stream });
      break;
    case 'edit':
    case 'recall': {
      const target = pick(changeable(server), event.which);
      if (target && event.what === 'edit') server.edit(target, text);
      else if (target) server.recall(target);
      break;
    }
    case 'lose': {
      const lost = pick(events, event.which);
      if (lost && line) line.queue.splice(line.queue.indexOf(lost), 1);
      break;
    }
    case 'duplicate': {
      const twice = pick(events, event.which);
      if (twice && line) line.queue.push(twice);
      break;
    }
    case 'overtake': {
      const early = pick(events, event.which);
      if (early && line) line.deliver(line.queue.indexOf(early));
      break;
    }
    case 'deliver':
      for (let n = event.which % 6; n >= 0; n--) line?.deliver();
      break;
    case 'break':
      line?.drop();
      break;
    case 'loseAck':
      lose('message.send');
      break;
    case 'loseRequest':
    case 'deny':
      lose(text.length % 2 ? 'entry.fetch' : 'room.join');
      break;
    case 'older':
      room.older('public').catch(() => {});
      break;
    case 'call':
      call(story, event.which);
      break;
    case 'wait':
      await clock.advance(event.ms);
      break;
  }
  await settle();
}

const unavailable = { code: 'unavailable', message: 'not now' } as const;

describe('client-sdk convergence', () => {
  it('shows what the server has, whatever was lost, doubled, overtaken or broken on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 5, maxLength: 60 }),
        fc.nat({ max: 80 }),
        async (story, before) => {
          const stage = makeClient();
          const { server, client, clock } = stage;
          try {
            const calls = new CallStory(server);
            if (before % 3 === 0) calls.place(BOB, ANN);
            for (let n = 0; n < before; n++) server.post(`before ${n}`);
            client.connect();
            const room = client.room(ROOM);
            const faults = guard(room);
            void room.open();
            await settle();
            server.automatic = false;
            const sent = new Map<string, string[]>(STREAMS.map((name) => [name, []]));
            for (const [index, event] of story.entries()) {
              if (event.what === 'send') sent.get(event.stream)?.push(`text ${index}`);
              await happen(stage, { room, story: calls }, event, `text ${index}`);
            }

            // The network heals: what is still on its way arrives, and nothing is lost any more.
            server.automatic = true;
            server.fate = () => 'answer';
            for (const line of server.connections) while (line.queue.length > 0) line.deliver();
            await clock.advance(90_000);

            expect(faults.join('; ')).to.equal('');
            expect(room.snapshot.status).to.equal('open');
            for (const name of STREAMS) {
              const view = room.snapshot.streams[name] as StreamView;
              const truth = readView(server.raw(name)).filter(({ kind }) => kind !== 'edit' && kind !== 'recall');
              expect(view.pending, 'nothing waits').to.deep.equal([]);
              expect(view.head).to.equal(server.raw(name).length);
              expect(view.entries).to.deep.equal(truth.filter(({ seq }) => seq >= (view.oldestSeq || 1)));
              const mine = server.raw(name).filter((e) => e.kind === 'message' && e.actor.id === ANN.userId);
              const once = mine.map((entry) => (entry.kind === 'message' ? entry.body.text : ''));
              expect(once, 'every message once, in the order of writing').to.deep.equal(sent.get(name));
            }
            // A call that is over may lie before what is held; what is shown is as it is, and none that runs is missing.
            const shown = new Set(room.snapshot.calls.map(({ id }) => id));
            const truth = [...calls.calls.values()].filter((one) => shown.has(one.id) || !isOver(one));
            expect(room.snapshot.calls).to.deep.equal(truth.map((one) => calls.shown(one)));
          } finally {
            await client.close();
          }
          expect(clock.pending, 'timers left').to.equal(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
