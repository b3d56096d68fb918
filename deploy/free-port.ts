import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to connections that go out: one that is given up for a moment, by a process that is killed and comes
 * back, is then still free.
 */
const [FIRST, LAST] = [20_000, 29_999];
const TRIED_MAX = 100;
/** Those that this process was given already: whoever asked may not listen yet. */
const given = new Set<number>();

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let tried = 1; ; tried++) {
    const port = randomInt(FIRST, LAST + 1);
    if (given.has(port) && tried < TRIED_MAX) continue;
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch (error) {
      if (tried === TRIED_MAX) throw error;
      continue;
    }
    probe.close();
    await once(probe, 'close');
    given.add(port);
    return port;
  }
}
