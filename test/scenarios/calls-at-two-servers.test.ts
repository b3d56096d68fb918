import { expect } from 'chai';
import { describe, it } from 'mocha';
import { STORIES } from '../server/calls/carriers/stories.ts';
import { CARRIER_STAGES } from '../support/call-stages.ts';
import { callSuite, PATH, sees, statesOf } from '../support/call-suite.ts';
import { until } from '../support/client.ts';
import { startTestService } from '../support/service.ts';

describe('callbacks at two servers', () => {
  const suite = callSuite(CARRIER_STAGES.twilio);

  it('are heard by whichever they come to, and told once when they come to both at once', async () => {
    const other = await suite.another();
    const { url } = other.service;
    for (const story of STORIES) {
      const line = await suite.line(story);
      const there = await suite.portal.connect(line.buyer, { url });
      await there.call('room.join', { roomId: line.roomId });
      const { id } = await suite.place(line);
      for (const request of suite.stage.callbacks(id, story)) {
        const answers = await Promise.all([suite.tell(request), suite.tell(request, 'POST', url)]);
        expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      }
      const { state } = await suite.listed(line, id, there);
      for (const client of [line.caller, line.callee, there]) {
        await sees(client, id, state);
        await client.flush();
        const states = statesOf(client, id);
        const path = PATH.filter((one) => states.includes(one));
        expect(states).to.deep.equal(story === 'talked' ? PATH : [...path, state]);
      }
    }
    const copied = await Promise.all([suite.context, other.context].map(({ sweeps }) => sweeps.recordings()));
    expect(copied).to.have.members([0, 1]);
  });

  it('and a server that starts does not wait for a carrier that does not answer', async () => {
    const { carrier } = suite.stage;
    const line = await suite.line('callee_busy');
    const { id } = await suite.place(line);
    carrier.mood = 'silent';
    const { unanswered } = carrier;
    try {
      await suite.happens(id, 'callee_busy');
      await sees(line.caller, id, 'busy');
      await until('the carrier is asked to give it back', () => carrier.unanswered > unanswered);
      await suite.context.calls.idle();
      // Now another try is due, which would take longer than anybody waits.
      suite.clock.advance(60_000);
      const other = await suite.another({ timeoutMs: 600_000 });
      expect((await fetch(`${other.service.url}/readyz`)).status).to.equal(200);
      expect(carrier.hanging).to.equal(0);
    } finally {
      carrier.mood = 'well';
    }
  });
});

describe('the address of callbacks', () => {
  const suite = callSuite(undefined);

  it('takes nothing for the simulator, which has no carrier, and of nobody but with POST', async () => {
    const request = { url: '/callbacks/calls', headers: {}, body: Buffer.from('[]') };
    expect(await suite.tell(request)).to.include({ status: 403 });
    expect(await suite.tell(request, 'GET')).to.include({ status: 404 });
  });

  it('is not there where nothing joins phones', async () => {
    const secret = 'an invented secret for this test alone';
    const production = await startTestService({ env: { NODE_ENV: 'production', JWT_SECRET: secret } });
    try {
      const request = { url: '/callbacks/calls', headers: {}, body: Buffer.from('[]') };
      expect(await suite.tell(request, 'POST', production.service.url)).to.include({ status: 404 });
    } finally {
      await production.stop();
    }
  });
});
