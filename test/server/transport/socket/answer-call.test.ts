import { expect } from 'chai';
import { pino } from 'pino';
import { Expiry } from '../../../../server/live/expiry.ts';
import { Hub } from '../../../../server/live/hub.ts';
import { InFlight } from '../../../../server/registry/in-flight.ts';
import { Figures } from '../../../../server/telemetry/figures.ts';
import { ReadGate } from '../../../../server/registry/read-gate.ts';
import { createEventListener } from '../../../../server/transport/socket/answer-call.ts';
import { Cuts } from '../../../../server/transport/socket/cuts.ts';
import { Lanes } from '../../../../server/transport/socket/lanes.ts';
import { until } from '../../../support/client.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { openLiveSocket } from '../../live/live-socket.ts';

describe('createEventListener', () => {
  it('logs an ack that throws: nothing is left rejected that nobody handles', async () => {
    const live = await openLiveSocket();
    const lines: string[] = [];
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => unhandled.push(error);
    // Mocha's own listener would fail whichever test runs by then.
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', onUnhandled);
    try {
      const clock = new ManualClock();
      const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
      const listener = createEventListener({
        execute: () => Promise.resolve({ ok: true, data: {} }),
        inFlight: new InFlight(),
        lanes: new Lanes(1),
        cuts: new Cuts({ clock, log }),
        rates: { take: () => undefined },
        readGate: new ReadGate(),
        hub: new Hub(clock),
        expiry: new Expiry(clock),
        rooms: { cached: () => undefined, get: () => Promise.resolve(undefined) },
        figures: new Figures(),
        log,
      });
      listener.call(live.socket, 'room.list', {}, () => {
        throw new Error('the ack is broken');
      });
      await until('it is known', () => lines.length + unhandled.length > 0);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
      await live.close();
    }
    expect([unhandled, lines.join()]).to.satisfy(
      ([rejected, logged]: [unknown[], string]) => rejected.length === 0 && logged.includes('the ack is broken'),
    );
  });
});
