import { expect } from 'chai';
import type { CommandName } from '../../../shared/contract/registry.ts';
import type { Answer, Caller } from '../../../server/registry/call.ts';
import type { Execute } from '../../../server/registry/execute.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
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
    /"(id|roomId|replyTo|entryId|clientId)":"[0-9a-f-]{24,36}"|"(at|editedAt)":"[^"]*"/g,
    '"$1"',
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

describe('the demonstration seed', function () {
  this.timeout(60_000);
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
    for (const commands of [4, 9, 14, 19, Number.POSITIVE_INFINITY]) {
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
