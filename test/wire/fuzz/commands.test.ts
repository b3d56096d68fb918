import { expect } from 'chai';
import * as fc from 'fast-check';
import { ERROR_CODES, type WireError } from '../../../shared/contract/errors.ts';
import { type CommandName, commandNames, commands } from '../../../shared/contract/registry.ts';
import type { TestClient } from '../../support/client.ts';
import { message } from '../../support/portal.ts';
import { post } from '../transport-client.ts';
import { fuzzSuite, growthOf, ONE_OF } from './fuzz-suite.ts';
import { CANARY, OPERATORS } from './hostile-values.ts';
import { jsonMutation, mutate, type Path, placesOf, replaced } from './json-mutations.ts';
import { isOpen, sampleInput } from './sample-input.ts';
import { fuzz } from './seeds.ts';

const TRANSPORTS = ['websocket', 'polling', 'http'] as const;
type TransportName = (typeof TRANSPORTS)[number];

describe('hostile inputs of commands', () => {
  const clients = new Map<string, Promise<TestClient>>();
  // Before the suite looks whether anybody is left.
  afterEach(async () => {
    for (const client of clients.values()) (await client).close();
    clients.clear();
  });
  const suite = fuzzSuite();

  /** A caller for whom the command is. */
  const callerOf = (name: CommandName) => commands[name].callers[0] ?? 'operator';

  /** The answer to an input as it is, over a transport: its error, or nothing when it was obeyed. */
  async function ask(transport: TransportName, name: CommandName, input: unknown): Promise<WireError | undefined> {
    const side = callerOf(name);
    if (transport === 'http') {
      const token = await suite.portal.token(ONE_OF[side]);
      const { status, body } = await post(suite.portal.url, name, { token, body: JSON.stringify(input) ?? '' });
      if (status === 200) return undefined;
      const { code, message: text, ...more } = body as unknown as WireError;
      expect(ERROR_CODES[code].status).to.equal(status);
      return { code, message: text, ...more };
    }
    const key = `${side} ${transport}`;
    const known = clients.get(key) ?? suite.portal.connect(ONE_OF[side], { transports: [transport] });
    clients.set(key, known);
    const answer = await (await known).socket.timeout(10_000).emitWithAck(name, input);
    return answer.ok === true ? undefined : answer.error;
  }

  function expectClear(error: WireError): void {
    expect(Object.keys(ERROR_CODES)).to.include(error.code);
    expect(error.code, error.message).to.not.be.oneOf(['internal', 'unavailable']);
    expect(error.message).to.be.a('string').and.not.equal('');
    expect(JSON.stringify(error).length, 'a short error').to.be.lessThan(10_000);
    expect(JSON.stringify(error), 'no value is repeated').to.not.include(CANARY);
  }

  /** All that is stored, but for a room's last activity, which is written down with some delay. */
  const dump = async () => (await suite.database.dump()).replaceAll(/"activity":\{[^}]*\}/g, '');

  /** Says whether a fault lies at a place, or around or inside of it. */
  const isAt = (fault: string, place: Path) => {
    const path = place.map(String).join('.');
    return fault.startsWith(path) || path.startsWith(fault);
  };

  it('an operator in each field of each command, also inside of others, is a fault of that field, and nothing is stored', async () => {
    const before = await dump();
    let asked = 0;
    for (const name of commandNames) {
      const sample = sampleInput(name);
      // Where anything at all may stand, the handler decides: see below.
      for (const place of placesOf(sample).filter((path) => path.length > 0 && !isOpen(name, path))) {
        const by = OPERATORS[asked % OPERATORS.length];
        const over = commands[name].connectionBound === true ? 'websocket' : (TRANSPORTS[asked % 3] ?? 'http');
        const error = await ask(over, name, replaced(sample, place, by));
        const what = `${name} ${place.join('.')} ${JSON.stringify(by)}`;
        if (error === undefined) throw new Error(`${what} was obeyed`);
        expectClear(error);
        expect(error.code, what).to.equal('invalid');
        const faults = error.details as { path: string }[];
        expect(
          faults.some(({ path }) => isAt(path, place)),
          `${what}: ${JSON.stringify(faults)}`,
        ).to.equal(true);
        asked += 1;
      }
    }
    expect(asked).to.be.greaterThan(commandNames.length * 3);
    expect((await dump()) === before, 'nothing was stored').to.equal(true);
  });

  it('an operator in a field of a form', async () => {
    const before = await dump();
    const form = { contactName: 'B', phone: '+1 202 555 0123', email: 'b@example.com', address: 'A', details: 'D' };
    for (const field of Object.keys(form)) {
      for (const by of OPERATORS) {
        const input = {
          projectId: suite.roomId,
          nodeId: 'demand',
          visit: 1,
          action: 'submit',
          form: { ...form, [field]: by },
        };
        const error = await ask('http', 'node.act', input);
        if (error === undefined) throw new Error(`${field} ${JSON.stringify(by)} was obeyed`);
        expectClear(error);
        expect(error.code).to.equal('invalid');
      }
    }
    expect((await dump()) === before, 'nothing was stored').to.equal(true);
  });

  it('mutated inputs over each transport: a clear answer, none of ours at fault, no operator stored, heap flat', async () => {
    const { roomId } = suite;
    const entry = await suite.portal.call('admin', 'message.send', message(roomId, 'There is something to edit.'));
    /** Ids of things that are there: behind a check that finds nothing nothing would be tried. */
    const real = (name: CommandName): unknown => {
      const sample = sampleInput(name);
      const ids: Record<string, string> = {
        roomId,
        projectId: roomId,
        entryId: entry.entry.id,
        orgId: 'studio',
        org: 'studio',
        userId: 'designer-1',
        productId: 'website',
        templateId: 'basic',
        vendorOrg: 'maker',
      };
      if (typeof sample !== 'object' || sample === null) return sample;
      return Object.fromEntries(
        Object.entries(sample).map(([key, value]) => [key, Object.hasOwn(ids, key) ? ids[key] : value]),
      );
    };
    const names = commandNames.filter((name) => name !== 'auth.refresh');
    const property = fc.asyncProperty(
      fc.constantFrom(...names),
      fc.constantFrom(...TRANSPORTS),
      fc.array(jsonMutation, { minLength: 1, maxLength: 3 }),
      async (name, transport, mutations) => {
        const over = transport === 'http' && commands[name].connectionBound === true ? 'websocket' : transport;
        const input = mutations.reduce(mutate, real(name));
        const error = await ask(over, name, input);
        if (error !== undefined) expectClear(error);
        const fits = commands[name].input.safeParse(JSON.parse(JSON.stringify(input) ?? 'null') ?? {}).success;
        if (!fits) expect(error?.code, JSON.stringify(input)).to.be.oneOf(['invalid', 'too_large']);
      },
    );
    await fuzz(property, 20);
    expect(await growthOf(() => fuzz(property, 250)), 'bytes more').to.be.lessThan(16e6);
    const stored = await dump();
    expect(stored.includes(CANARY), 'an operator was stored').to.equal(false);
    expect(/"(\$\w+|__proto__|constructor)":/.exec(stored)?.[0], 'a key that is none was stored').to.equal(undefined);
  });
});
