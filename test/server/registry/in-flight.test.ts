import { expect } from 'chai';
import type { Answer } from '../../../server/registry/call.ts';
import { InFlight } from '../../../server/registry/in-flight.ts';

const DONE: Answer = { ok: true, data: {} };

describe('InFlight', () => {
  it('closes when everything that was taken is answered, and not before', async () => {
    const inFlight = new InFlight();
    let finish = (): void => undefined;
    const slow = inFlight.run(
      () =>
        new Promise((resolve) => {
          finish = () => resolve(DONE);
        }),
    );
    const failing = inFlight.run(() => Promise.reject(new Error('broken')));
    let closed = false;
    const closing = inFlight.close().then(() => {
      closed = true;
    });
    await failing.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).to.equal(false);
    finish();
    await closing;
    expect(await slow).to.equal(DONE);
  });

  it('answers unavailable afterwards, without beginning the call', async () => {
    const inFlight = new InFlight();
    await inFlight.close();
    const answer = await inFlight.run(() => Promise.reject(new Error('was begun')));
    expect(!answer.ok && answer.error.code).to.equal('unavailable');
    expect(!answer.ok && answer.error.retryAfterMs).to.be.greaterThan(0);
  });
});
