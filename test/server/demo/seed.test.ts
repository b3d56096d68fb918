import { expect } from 'chai';
import type { CommandName } from '../../../shared/contract/registry.ts';
import type { Answer, Caller } from '../../../server/registry/call.ts';
import type { Execute } from '../../../server/registry/execute.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { callerFor } from '../../../server/demo/demo-callers.ts';
import { CONTESTED, FOR_THE_PLAZA, OFFERED } from '../../../server/demo/demands.ts';
import { DEMO_PEOPLE, RIVALS } from '../../../server/demo/people.ts';
import type { DeskItem } from '../../../shared/contract/desk.ts';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import { DEMO_PROJECTS } from '../../../server/demo/conversation.ts';
import { seedDemo } from '../../../server/demo/seed.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { tokenOf } from '../../support/tokens.ts';

const log = createLog('silent');

/** What was made, without what differs from one making to the next. */
const shapeOf = (found: Record<string, unknown>): string =>
  JSON.stringify(found).replaceAll(
    /"(id|roomId|replyTo|entryId|clientId|engagementId)":"[0-9a-f-]{24,36}"|"(at|editedAt|answerBy|windowEndsAt|sentAt|createdAt)":"[^"]*"/g,
    '"$1$2"',
  );

/** Runs a command as the caller would over HTTP. */
async function overHttp(url: string, name: CommandName, input: unknown, caller: Caller): Promise<Answer> {
  const { userId: sub, name: named, side, org, roles } = caller;
  const token = await tokenOf({ sub, name: named, side, roles, ...(org === undefined ? {} : { org }) });
  const response = await fetch(`${url}/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as never;
  return response.ok ? { ok: true, data: body } : { ok: false, error: body };
}

describe('the demonstration seed', () => {
  let database: TestDatabase;
  let running: TestService | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await database.drop();
  });

  const start = async () => {
    running = await startTestService({ database, env: { DEMO: '1' } });
    return running;
  };

  async function call(name: CommandName, input: unknown): Promise<unknown> {
    const looker: Caller = { userId: 'looker', name: 'Looker', side: 'operator', roles: [], expiresAt: 0 };
    const answer = await overHttp(running?.service.url ?? '', name, input, looker);
    return answer.ok ? answer.data : expect.fail(`${name}: ${answer.error.message}`);
  }

  /** Everything that the seed made, as an operator sees it. */
  async function everything(): Promise<Record<string, unknown>> {
    const { items } = (await call('project.list', {})) as { items: { id: string; orderId: string }[] };
    const found: Record<string, unknown> = { orders: items.map(({ id, orderId }) => ({ id, orderId })) };
    for (const { id, orderId } of items) {
      for (const stream of ['public', 'provider', 'operator']) {
        found[`${orderId} ${stream}`] = await call('entry.fetch', { roomId: id, stream });
      }
      found[`${orderId} members`] = await call('member.list', { roomId: id });
    }
    const demands = (await call('opportunity.list', {})) as { items: Opportunity[] };
    for (const demand of demands.items.toSorted((a, b) => (a.title < b.title ? -1 : 1))) {
      found[demand.title] = demand;
      const streams = ['public', 'operator', ...(demand.engagements ?? []).flatMap((one) => one.streams)];
      for (const stream of streams)
        found[`${demand.title} ${stream}`] = await call('entry.fetch', { roomId: demand.id, stream });
    }
    return found;
  }

  it('makes each project once, with the whole conversation, however often the service starts', async () => {
    await start();
    const first = await everything();
    await running?.stop();
    await start();
    expect(await everything()).to.deep.equal(first);

    const orders = first['orders'] as { orderId: string }[];
    expect(orders.map(({ orderId }) => orderId)).to.have.members(DEMO_PROJECTS.map(({ orderId }) => orderId));
    for (const { orderId, messages } of DEMO_PROJECTS) {
      for (const stream of ['public', 'provider', 'operator']) {
        const { entries } = first[`${orderId} ${stream}`] as { entries: { kind: string; body: { text?: string } }[] };
        const wordings = messages
          .filter((message) => (message.stream ?? 'public') === stream)
          .map(({ text, becomes }) => becomes ?? text);
        expect(entries.filter(({ kind }) => kind === 'message').map(({ body }) => body.text)).to.deep.equal(wordings);
      }
    }
  });

  it('completes what a start that was cut off half way has left, without saying anything twice', async () => {
    running = await startTestService({ database, env: { DEMO: '0' } });
    const { service } = running;
    for (const commands of [4, 9, 14, 19, 24, 33, 41, 50, Number.POSITIVE_INFINITY]) {
      let left = commands;
      const cutOff: Execute = async (name, input, { caller }) => {
        if (left-- <= 0) return { ok: false, error: { code: 'unavailable', message: 'The power is gone.' } };
        return overHttp(service.url, name, input, caller);
      };
      const ended = await seedDemo(cutOff, log).then(
        () => 'whole',
        (error: unknown) => (error as Error).message,
      );
      expect(ended).to.match(commands === Number.POSITIVE_INFINITY ? /^whole$/ : /The power is gone/);
    }
    const cutOffAndCompleted = await everything();
    await running.stop();
    await database.drop();
    database = await createTestDatabase();
    await start();
    expect(shapeOf(cutOffAndCompleted)).to.equal(shapeOf(await everything()));
  });

  it('lets three providers compete for a demand, offers one, and leaves others for the plaza', async () => {
    await start();
    const found = (await call('opportunity.list', {})) as { items: Opportunity[] };
    const of = (title: string) => found.items.find((demand) => demand.title === title) ?? expect.fail(title);
    const contested = of(CONTESTED.title);
    expect(contested.status).to.equal('quoted');
    expect(contested.engagements?.map(({ provider, status }) => `${provider.name} ${status}`)).to.deep.equal(
      RIVALS.map(({ name }) => `${name} following`),
    );
    expect(contested.engagements?.map(({ proposals }) => proposals.length)).to.deep.equal([2, 1, 1]);
    expect(of(OFFERED.title).engagements?.map(({ status }) => status)).to.deep.equal(['offered']);
    for (const { title } of FOR_THE_PLAZA)
      expect(of(title)).to.deep.include({ engagements: [], plaza: { since: null } });
    const desks = (await call('desk.list', {})) as { items: DeskItem[] };
    expect(desks.items.map(({ name, unanswered }) => `${name} ${unanswered}`)).to.deep.equal(['墨点设计 1']);
    expect(JSON.stringify(found)).to.not.match(/5550\s?01/);
  });

  it('leaves alone what visitors have done since, also a provider that has gone', async () => {
    const { service } = await start();
    const found = (await call('opportunity.list', {})) as { items: Opportunity[] };
    const id = found.items.find(({ title }) => title === CONTESTED.title)?.id;
    const ended = await overHttp(
      service.url,
      'opportunity.terminate',
      { opportunityId: id, reason: 'price' },
      callerFor(DEMO_PEOPLE.cedar),
    );
    expect(ended.ok).to.equal(true);
    const before = await everything();
    await running?.stop();
    await start();
    expect(await everything()).to.deep.equal(before);
  });

  it('is whole however low the rates are set', async () => {
    running = await startTestService({ database, env: { DEMO: '1', RATE_LIMIT_FACTOR: '0.001' } });
    expect(running.service.greeting).to.be.a('string');
  });

  it('gives nothing without DEMO', async () => {
    running = await startTestService({ database, env: { DEMO: '0' } });
    expect(running.service.greeting).to.equal(undefined);
    expect(await call('project.list', {})).to.deep.equal({ items: [] });
  });

  it('says which command was refused', async () => {
    const refusing: Execute = () =>
      Promise.resolve<Answer>({ ok: false, error: { code: 'conflict', message: 'Somebody was first.' } });
    const failure = await seedDemo(refusing, log).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(RoomError);
    expect(failure).to.have.property('message', 'org.put: Somebody was first.');
  });
});
