import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Handlers } from '../../../server/registry/call.ts';
import { createLog, type Log } from '../../../server/telemetry/log.ts';
import { type CommandName, commandNames, commands } from '../../../shared/contract/registry.ts';
import { startTestService } from '../../support/service.ts';
import { tokenOf, type Who } from '../../support/tokens.ts';
import { call, connectAs, open, post, refusalOf } from '../../wire/transport-client.ts';

const CANARY = {
  text: 'canary-text-8f3a',
  phone: '+86 138 0013 8000',
  email: 'canary.8f3a@example.com',
  name: 'Canary Name 8f3a',
} as const;

/** A log that keeps its lines, made as the service's own is. */
function gather(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog('debug', { write: (line) => void lines.push(line) }), lines };
}

describe('createLog', () => {
  it('writes one JSON object a line, with an ISO time and the level by name', () => {
    const { log, lines } = gather();
    log.info({ a: 1 }, 'hello');
    expect(lines).to.have.lengthOf(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).to.include({ level: 30, a: 1, msg: 'hello' });
    expect(new Date(String(line['time'])).toISOString()).to.equal(line['time']);
  });

  it('strikes out what is secret wherever it stands, and keeps the rest', () => {
    const { log, lines } = gather();
    for (const key of ['token', 'authorization', 'phone', 'email', 'text', 'contact', 'secret', 'password', 'cookie']) {
      log.info({ [key]: CANARY.text, kept: 'kept' });
      log.info({ input: { [key]: CANARY.text } });
      log.info({ request: { headers: { [key]: CANARY.text } } });
    }
    expect(lines.join()).not.to.include(CANARY.text);
    expect(lines[0]).to.include('kept');
  });

  it('writes an error with its stack, and without what hangs on it', () => {
    const { log, lines } = gather();
    log.error(
      { err: Object.assign(new Error('broken'), { input: CANARY.text, writeErrors: [{ op: CANARY.text }] }) },
      'broken',
    );
    expect(lines.join()).to.include('broken').and.to.include('log.test').and.not.to.include(CANARY.text);
  });

  it('strikes out what a database repeats of a document in an error', () => {
    const { log, lines } = gather();
    const err = new Error(`E11000 duplicate key error collection: x.y index: z dup key: { a: "${CANARY.phone}" }`);
    log.error({ err }, 'broken');
    expect(lines.join()).to.include('E11000').and.not.to.include(CANARY.phone);
  });
});

describe('the log of a session', () => {
  it('never holds a token, a message, a number or a mail address, at any level', async () => {
    const { log, lines } = gather();
    const service = await startTestService({ overrides: { log } });
    const { url } = service.service;
    const portal: Who = { sub: 'portal', side: 'service' };
    const people: Who[] = [
      { sub: 'b', side: 'buyer', org: 'org-b', name: CANARY.name },
      { sub: 'd', side: 'provider', org: 'p', roles: ['provider_admin'], name: CANARY.name },
      { sub: 'o', side: 'operator', name: CANARY.name },
    ];
    const tokens = [await tokenOf(portal)];
    const portalToken = tokens[0] ?? '';
    try {
      const steps: [CommandName, Record<string, unknown>][] = [
        ['org.put', { orgId: 'v', name: CANARY.name }],
        ['org.put', { orgId: 'p', name: CANARY.name }],
        [
          'staff.put',
          { userId: 'd', org: 'p', name: CANARY.name, roles: ['designer'], maxLoad: 5, phone: CANARY.phone },
        ],
        [
          'product.put',
          { productId: 'x', name: 'X', vendorOrg: 'v', templateId: 'basic', providers: [{ org: 'p', maxLoad: 9 }] },
        ],
      ];
      for (const [name, body] of steps)
        expect((await post(url, name, { token: portalToken, body })).status, name).to.equal(200);
      const contact = { name: CANARY.name, phone: CANARY.phone, email: CANARY.email };
      const created = await post(url, 'project.create', {
        token: portalToken,
        body: { orderId: randomUUID(), productId: 'x', buyer: { id: 'b', org: 'org-b', name: CANARY.name, contact } },
      });
      expect(created.status).to.equal(200);
      const { roomId, projectId } = created.body;

      for (const who of people) {
        const token = await tokenOf(who);
        tokens.push(token);
        const socket = await connectAs(service, who, { auth: { token } });
        const sent = await call(socket, 'message.send', { roomId, clientId: randomUUID(), text: CANARY.text });
        expect(sent.ok).to.equal(true);
        const entryId = sent.ok ? (sent.data['entry'] as { id: string }).id : '';
        const inputs: Partial<Record<CommandName, Record<string, unknown>>> = {
          'room.join': { roomId },
          'message.edit': { roomId, entryId, text: CANARY.text },
          'message.recall': { roomId, entryId },
          'entry.fetch': { roomId, stream: 'public' },
          'read.mark': { roomId, stream: 'public', seq: 1 },
          'typing.set': { roomId, stream: 'public', typing: true },
          'member.add': { roomId, userId: `u-${who.sub}`, name: CANARY.name },
          'project.get': { projectId },
          'auth.refresh': { token },
        };
        for (const name of commandNames) {
          await call(socket, name, inputs[name] ?? { roomId });
          // And once with the canaries where they do not belong: refused, and not repeated in the log.
          const stuffed = Object.fromEntries(
            ['roomId', 'stream', 'cursor', 'orderId', 'userId', 'surprise', CANARY.text].map((key) => [
              key,
              `${CANARY.text} ${CANARY.phone} ${CANARY.email}`,
            ]),
          );
          await call(socket, name, { ...stuffed, token, text: [CANARY.text] });
          if (!('connectionBound' in commands[name])) await post(url, name, { token, body: stuffed });
        }
        await call(socket, CANARY.text, { token });
        await post(url, CANARY.text, { token });
        await post(url, 'room.list', { token, body: `{"${CANARY.text}` });
        socket.disconnect();
      }
      // Handshakes that are refused: the reason is written down, what was sent is not.
      const bad = `${tokens[0]?.slice(0, -5)}AAAAA`;
      tokens.push(bad);
      await refusalOf(open(url, { auth: { token: bad } }));
      await refusalOf(open(url, { auth: { token: CANARY.text, phone: CANARY.phone } }));
      await refusalOf(open(url, { auth: { token: await tokenOf(portal), v: CANARY.text } }));
      await post(url, 'room.list', { token: bad });
      await fetch(`${url}/socket.io/?EIO=4&transport=pigeon&token=${CANARY.text}`);
      await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { origin: 'https://evil.example' } });
    } finally {
      await service.stop();
    }
    const text = lines.join('\n');
    const messages = lines.map((line) => String((JSON.parse(line) as Record<string, unknown>)['msg']));
    expect(messages).to.include.members([
      'serving',
      'stopped',
      'refused',
      'a handshake was refused',
      'a transport request was refused',
      'a request was refused',
    ]);
    expect(messages.filter((message) => message === 'a handshake was refused')).to.have.lengthOf(3);
    for (const canary of Object.values(CANARY)) expect(text).not.to.include(canary);
    for (const token of tokens) expect(text).not.to.include(token.slice(-30));
    expect(text).not.to.include('eyJ');
    expect(lines.filter((line) => line.includes('"level":50'))).to.deep.equal([]);
  });

  it('holds a fault of ours with the id that the caller was told', async () => {
    const { log, lines } = gather();
    const { createExecute } = await import('../../../server/registry/execute.ts');
    const fail = () => Promise.reject(new Error('broken inside'));
    const handlers: Handlers = Object.assign(
      Object.create(null),
      Object.fromEntries(commandNames.map((name) => [name, fail])),
    );
    const execute = createExecute({
      handlers,
      rates: { take: () => undefined },
      barred: () => undefined,
      isDatabaseLost: () => false,
      now: () => 0,
    });
    const caller = { userId: 'u', name: 'U', side: 'operator', roles: [], expiresAt: 1 } as const;
    const answer = await execute('room.list', {}, { caller, log, correlationId: 'id-1' });
    expect(answer).to.deep.equal({
      ok: false,
      error: {
        code: 'internal',
        message: 'Something went wrong on our side. Quote id-1 when you ask about it.',
        details: { id: 'id-1' },
      },
    });
    expect(lines).to.have.lengthOf(1);
    expect(JSON.parse(lines[0] ?? '')).to.include({ level: 50, command: 'room.list', correlationId: 'id-1' });
    expect(lines[0]).to.include('broken inside');
  });
});
