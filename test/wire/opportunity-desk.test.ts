import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { publish, seedCompetitors } from '../support/demands.ts';
import { message, Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe("The operators' desk", () => {
  const suite = wireSuite();
  before(() => seedCompetitors(suite.portal));

  /** A demand that is offered to both providers. */
  async function offered(): Promise<string> {
    const { portal } = suite;
    const opportunityId = await publish(portal);
    for (const org of ['studio', 'rivals']) await portal.call('operator', 'opportunity.assign', { opportunityId, org });
    return opportunityId;
  }
  const ask = (roomId: string, who: 'admin' | 'rival' = 'admin', text = 'May we ask something?') => {
    const stream = `desk:${who === 'admin' ? 'studio' : 'rivals'}`;
    return suite.portal.call(who, 'message.send', message(roomId, text, { stream }));
  };
  const answer = (roomId: string) =>
    suite.portal.call('operator', 'message.send', message(roomId, 'Yes', { stream: 'desk:studio' }));
  const notifications = (roomId: string, what: string) =>
    suite.database.connection.collection('notifications').find({ roomId, what }).toArray();

  it('shows what is not answered, live at every server and in a list, the oldest first', async () => {
    const { portal, clock, database } = suite;
    const other = await startTestService({ database, overrides: { clock } });
    const otherPortal = new Portal(other.service.url);
    try {
      const operators = [await portal.connect('operator'), await otherPortal.connect('operator')];
      const service = await portal.connect('service');
      const rival = await portal.connect('rival');
      const [first, second] = [await offered(), await offered()];
      const name = { org: 'studio', name: 'Studio', title: 'A shop for tea' };
      clock.advance(1_000);
      const since = new Date(clock.now()).toISOString();
      const told = operators.map((one) => one.next('desk', ({ unanswered }) => unanswered === 1));
      await ask(first);
      for (const event of told) expect(await event).to.deep.equal({ roomId: first, ...name, unanswered: 1, since });
      clock.advance(1_000);
      await ask(first);
      await ask(second, 'rival');
      const { items } = await portal.call('operator', 'desk.list', { limit: 200 });
      expect(items).to.deep.equal([
        { roomId: first, ...name, unanswered: 2, since },
        {
          roomId: second,
          org: 'rivals',
          name: 'Rivals',
          title: 'A shop for tea',
          unanswered: 1,
          since: new Date(clock.now()).toISOString(),
        },
      ]);
      const cleared = operators.map((one) => one.next('desk', ({ unanswered }) => unanswered === 0));
      await answer(first);
      for (const event of cleared) expect(await event).to.deep.include({ roomId: first, since: null });
      const left = await portal.call('operator', 'desk.list', {});
      expect(left.items.map(({ roomId }) => roomId)).to.deep.equal([second]);
      for (const one of [service, rival]) {
        await one.flush();
        expect(one.all('desk')).to.deep.equal([]);
      }
      for (const who of ['buyer', 'admin', 'vendor', 'service'] as const)
        await refused(portal.call(who, 'desk.list', {}), 'forbidden');
    } finally {
      otherPortal.close();
      await other.stop();
    }
  });

  it('keeps each question for the mail of operators, and each answer for that of the admin', async () => {
    const { portal } = suite;
    const roomId = await offered();
    const input = message(roomId, 'A question', { stream: 'desk:studio' });
    const { entry } = await portal.call('admin', 'message.send', input);
    await portal.call('admin', 'message.send', input);
    const questions = await notifications(roomId, 'desk_question');
    expect(questions.map(({ _id, audience }) => [String(_id), audience])).to.deep.equal([
      [entry.id, { side: 'operator' }],
    ]);
    expect(questions[0]?.['words']).to.deep.include({
      en: 'Studio asks the operators about the demand "A shop for tea".',
    });
    expect(JSON.stringify(questions)).to.not.include('A question');
    const admin = await portal.connect('admin');
    const live = admin.next('inbox', ({ stream }) => stream === 'desk:studio');
    await answer(roomId);
    expect((await live).last).to.deep.include({ kind: 'message' });
    const [answered] = await notifications(roomId, 'desk_answer');
    expect(answered?.['audience']).to.deep.equal({ side: 'provider', org: 'studio', role: 'provider_admin' });
  });

  it('forgets a question that is taken back', async () => {
    const { portal } = suite;
    const roomId = await offered();
    const { entry } = await ask(roomId);
    const operator = await portal.connect('operator');
    const cleared = operator.next('desk', (desk) => desk.roomId === roomId && desk.unanswered === 0);
    await portal.call('admin', 'message.recall', { roomId, entryId: entry.id });
    await cleared;
    const { items } = await portal.call('operator', 'desk.list', { limit: 200 });
    expect(items.map((desk) => desk.roomId)).to.not.include(roomId);
  });

  it('counts what a server stored and did not count, when it is sent again', async () => {
    const { portal, context } = suite;
    const roomId = await offered();
    const input = message(roomId, 'A question', { stream: 'desk:studio' });
    // As far as a server comes that dies between the two.
    const { appender } = context;
    const actor = { id: 'admin-1', name: 'Ai', side: 'provider' as const, org: 'studio' };
    const { clientId, text } = input;
    await appender.append({ roomId, stream: 'desk:studio', kind: 'message', actor, clientId, body: { text } });
    const { duplicate } = await portal.call('admin', 'message.send', input);
    expect(duplicate).to.equal(true);
    const { items } = await portal.call('operator', 'desk.list', { limit: 200 });
    expect(items.find((desk) => desk.roomId === roomId)).to.include({ unanswered: 1 });
    expect(await notifications(roomId, 'desk_question')).to.have.length(1);
  });
});
