import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mongo } from 'mongoose';
import type { BridgeEvent } from '../../../server/calls/bridges/call-bridge.ts';
import { hearAll } from '../../../server/calls/hear-all.ts';

const eventOf = (callId: string, n: number): BridgeEvent => ({ callId, recording: `${callId}-${n}` });
const named = (event: BridgeEvent): string => ('recording' in event ? event.recording : '');

/** A push about `calls` calls, three records of each, mixed as a carrier mixes them. */
const push = (calls: number): BridgeEvent[] =>
  [1, 2, 3].flatMap((n) => Array.from({ length: calls }, (_, call) => eventOf(`call${call}`, n)));

async function thrownBy(work: Promise<void>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Hears as a database does that takes a turn for each. */
class Ear {
  readonly heard: string[] = [];
  readonly causes = new Set<string | undefined>();
  most = 0;
  readonly #hearing = new Set<string>();
  readonly #fault: (event: BridgeEvent) => Error | undefined;

  constructor(fault: (event: BridgeEvent) => Error | undefined = () => undefined) {
    this.#fault = fault;
  }

  async hear(event: BridgeEvent, cause?: string): Promise<void> {
    const { callId } = event;
    expect(this.#hearing.has(callId), 'two of one call at a time').to.equal(false);
    this.#hearing.add(callId);
    this.most = Math.max(this.most, this.#hearing.size);
    this.causes.add(cause);
    await new Promise((resolve) => setImmediate(resolve));
    this.#hearing.delete(callId);
    const fault = this.#fault(event);
    if (fault !== undefined) throw fault;
    this.heard.push(named(event));
  }
}

describe('all that one callback tells', () => {
  it('is heard of several calls at a time, but not of any number, and of each call in its order', async () => {
    const ear = new Ear();
    await hearAll(ear, push(40), 'a-callback');
    expect(ear.heard).to.have.members(push(40).map(named));
    for (let call = 0; call < 40; call++)
      expect(ear.heard.filter((one) => one.startsWith(`call${call}-`))).to.deep.equal(
        [1, 2, 3].map((n) => `call${call}-${n}`),
      );
    expect(ear.most).to.equal(8);
    expect([...ear.causes]).to.deep.equal(['a-callback']);
  });

  it('is heard but for what goes wrong, which is told', async () => {
    const fault = new Error('of this test');
    const ear = new Ear((event) => (named(event) === 'call2-1' ? fault : undefined));
    expect(await thrownBy(hearAll(ear, push(5), 'a-callback'))).to.equal(fault);
    expect(ear.heard).to.have.members(
      push(5)
        .map(named)
        .filter((one) => one !== 'call2-1'),
    );
  });

  it('is left where there is no database', async () => {
    const away = new mongo.MongoNetworkError('away');
    let asked = 0;
    const ear = new Ear(() => {
      asked += 1;
      return away;
    });
    expect(await thrownBy(hearAll(ear, push(40), 'a-callback'))).to.equal(away);
    expect(ear.heard).to.deep.equal([]);
    expect(asked).to.be.at.most(8);
  });
});
