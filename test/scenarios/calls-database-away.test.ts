import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { CARRIER_STAGES } from '../support/call-stages.ts';
import { CallSuite, sees, statesOf } from '../support/call-suite.ts';
import { until } from '../support/client.ts';
import { createOwnDatabase, type OwnDatabase } from '../support/shared-database.ts';

for (const [bridge, open] of Object.entries(CARRIER_STAGES)) {
  describe(`callbacks of ${bridge} while the database is away`, () => {
    const suite = new CallSuite();
    let database: OwnDatabase;
    before(async () => {
      database = await createOwnDatabase();
      await suite.start(open, {}, database);
    });
    afterEach(() => suite.endTest());
    after(() => suite.stop());

    it('are answered so that they are repeated, and nothing that was not stored is acknowledged', async () => {
      const line = await suite.line();
      const { id } = await suite.place(line);
      const callbacks = suite.stage.callbacks(id, 'talked');
      await database.away(async () => {
        const answers = await Promise.all(callbacks.map(async (one) => ({ one, ...(await suite.tell(one)) })));
        for (const { one, status } of answers) {
          // Some tell of nothing that is kept.
          const events = suite.context.calls.bridge?.read(one).events ?? [];
          expect(status).to.be.oneOf(events.length > 0 ? [503] : [200, 503]);
        }
        expect(answers.map(({ status }) => status)).to.include(503);
        // Forged ones are told apart all the same.
        for (const forgery of suite.stage.forgeries(id)) expect(await suite.tell(forgery)).to.include({ status: 403 });
      });
      await until('the service has its database', async () => (await fetch(`${suite.portal.url}/readyz`)).ok);
      // Whatever has waited for it goes on, and is told again.
      await suite.tellAll(callbacks);
      await sees(line.callee, id, 'completed');
      await line.callee.flush();
      expect(new Set(statesOf(line.callee, id)).size).to.equal(statesOf(line.callee, id).length);
      expect(await suite.context.sweeps.recordings()).to.equal(1);
    });
  });
}
