import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { DEMO_JWT_SECRET } from '../../server/app/settings.ts';
import { post, Refused, TestClient } from '../support/client.ts';
import { getFile, postFile } from '../support/files.ts';
import { assemble, claimsOf, hmac, type Pair, pairOf } from '../support/forged-tokens.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';

const WHO = people.operator;
const right = hmac(DEMO_JWT_SECRET);
const nothing = () => Buffer.alloc(0);
const now = () => Math.floor(Date.now() / 1000);

/** How each way in answers a token: `ok`, or the code of the refusal. */
async function everyWayIn(url: string, token: string, roomId: string, fileId: string): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const transport of ['websocket', 'polling'] as const) {
    answers[transport] = await TestClient.connect(url, token, { transports: [transport] }).then(
      (client) => {
        client.close();
        return 'ok';
      },
      (error: unknown) => (error instanceof Refused ? error.code : String(error)),
    );
  }
  answers['call'] = (await post(url, token, 'room.list', {})).problem?.code ?? 'ok';
  answers['upload'] = (await postFile(url, token, { roomId })).problem?.code ?? 'ok';
  const download = await getFile(url, token, fileId);
  answers['download'] = download.ok ? 'ok' : ((await download.json()) as { code: string }).code;
  return answers;
}

const ALL = (answer: string) => ({
  websocket: answer,
  polling: answer,
  call: answer,
  upload: answer,
  download: answer,
});

/** A server of an attacker's that offers the keys that their tokens point to. */
class Attacker {
  asked = 0;
  readonly #server: Server;
  readonly #keys: object[] = [];
  url = '';

  constructor() {
    this.#server = createServer((_request, response) => {
      this.asked += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: this.#keys }));
    });
  }

  async start(keys: object[]): Promise<void> {
    this.#keys.push(...keys);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/keys`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

interface Forged {
  what: string;
  make(): string | Promise<string>;
}

describe('Forged tokens, at every way in', () => {
  let service: TestService;
  let portal: Portal;
  let connected: TestClient;
  let roomId = '';
  let fileId = '';
  let mine: Pair;
  const attacker = new Attacker();

  before(async () => {
    mine = await pairOf('RS256');
    await attacker.start([{ ...mine.jwk, kid: 'mine', alg: 'RS256', use: 'sig' }]);
    service = await startTestService();
    portal = new Portal(service.service.url);
    await portal.seed();
    roomId = await portal.project();
    fileId = (await portal.upload('buyer', { roomId })).id;
    connected = await portal.connect(WHO);
  });
  after(async () => {
    portal.close();
    attacker.stop();
    await service.stop();
  });

  const claims = (more: Record<string, unknown> = {}) => ({ ...claimsOf(WHO), ...more });
  const byMe = (header: Record<string, unknown>) => assemble({ alg: 'RS256', ...header }, claims(), mine.signed);

  const FORGED: readonly Forged[] = [
    { what: 'no signature, alg none', make: () => assemble({ alg: 'none' }, claims(), nothing) },
    { what: 'no signature, alg nOnE', make: () => assemble({ alg: 'nOnE' }, claims(), nothing) },
    { what: 'alg none with a signature', make: () => assemble({ alg: 'none' }, claims(), right) },
    { what: 'HS256 without a signature', make: () => assemble({ alg: 'HS256' }, claims(), nothing) },
    { what: 'hs256 in small letters', make: () => assemble({ alg: 'hs256' }, claims(), right) },
    {
      what: 'HS384 with the secret',
      make: () => assemble({ alg: 'HS384' }, claims(), hmac(DEMO_JWT_SECRET, 'sha384')),
    },
    {
      what: 'HS512 with the secret',
      make: () => assemble({ alg: 'HS512' }, claims(), hmac(DEMO_JWT_SECRET, 'sha512')),
    },
    { what: 'RS256 by an own key', make: () => byMe({}) },
    { what: 'RS256 by an own key that it brings (jwk)', make: () => byMe({ jwk: mine.jwk }) },
    { what: 'RS256 by an own key that it points to (jku)', make: () => byMe({ jku: attacker.url, kid: 'mine' }) },
    { what: 'RS256 by an own key that it points to (x5u)', make: () => byMe({ x5u: attacker.url }) },
    { what: 'RS256 by an own key in a certificate (x5c)', make: () => byMe({ x5c: ['MIIB'] }) },
    { what: 'a good token that brings a key', make: () => assemble({ alg: 'HS256', jwk: mine.jwk }, claims(), right) },
    {
      what: 'a good token that points to keys',
      make: () => assemble({ alg: 'HS256', jku: attacker.url }, claims(), right),
    },
    {
      what: 'an empty file for a key (kid)',
      make: () => assemble({ alg: 'HS256', kid: '../../../dev/null' }, claims(), hmac('')),
    },
    {
      what: 'a key from a query (kid)',
      make: () => assemble({ alg: 'HS256', kid: "x' UNION SELECT 'k" }, claims(), hmac('k')),
    },
    { what: 'another secret', make: () => assemble({ alg: 'HS256' }, claims(), hmac(`${DEMO_JWT_SECRET}!`)) },
    {
      what: 'a payload that is not encoded (b64)',
      make: () => assemble({ alg: 'HS256', b64: false, crit: ['b64'] }, claims(), right),
    },
    {
      what: 'a critical header that nobody knows',
      make: () => assemble({ alg: 'HS256', crit: ['x'], x: 1 }, claims(), right),
    },
    { what: 'another audience', make: () => assemble({ alg: 'HS256' }, claims({ aud: 'elsewhere' }), right) },
    { what: 'audiences without this one', make: () => assemble({ alg: 'HS256' }, claims({ aud: ['a', 'b'] }), right) },
    { what: 'no audience', make: () => assemble({ alg: 'HS256' }, claims({ aud: undefined }), right) },
    { what: 'expired', make: () => assemble({ alg: 'HS256' }, claims({ exp: now() - 1 }), right) },
    { what: 'no end', make: () => assemble({ alg: 'HS256' }, claims({ exp: undefined }), right) },
    { what: 'an end that is a text', make: () => assemble({ alg: 'HS256' }, claims({ exp: '9999999999' }), right) },
    { what: 'not valid yet', make: () => assemble({ alg: 'HS256' }, claims({ nbf: now() + 60 }), right) },
    { what: 'issued in the future', make: () => assemble({ alg: 'HS256' }, claims({ iat: now() + 600 }), right) },
    { what: 'a user that is a query', make: () => assemble({ alg: 'HS256' }, claims({ sub: { $gt: '' } }), right) },
    { what: 'a side of the prototype', make: () => assemble({ alg: 'HS256' }, claims({ side: '__proto__' }), right) },
    {
      what: 'a good one whose claims were changed',
      make: async () =>
        (await portal.token('buyer')).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify(claims())).toString('base64url')}.`,
        ),
    },
    { what: 'a good one with a part more', make: async () => `${await portal.token(WHO)}.AA` },
  ];

  for (const { what, make } of FORGED) {
    it(what, async () => {
      const token = await make();
      expect(await everyWayIn(portal.url, token, roomId, fileId)).to.deep.equal(ALL('unauthenticated'));
      const renewed = await connected.answer('auth.refresh', { token });
      expect(renewed.ok ? 'ok' : renewed.error.code).to.equal('unauthenticated');
      expect((await connected.answer('room.list', {})).ok, 'the connection goes on with its own').to.equal(true);
    });
  }

  it('and a good one passes all of them, so that the refusals mean something', async () => {
    const token = assemble({ alg: 'HS256', kid: 'any' }, claims({ aud: ['x', 'delivery-rooms'] }), right);
    expect(await everyWayIn(portal.url, token, roomId, fileId)).to.deep.equal(ALL('ok'));
  });

  it('a good one counts nowhere but where it belongs', async () => {
    const token = await tokenOf(WHO);
    const { url } = portal;
    const list = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/room.list${path}`, { method: 'POST', headers }).then(({ status }) => status);
    expect(await list(`?token=${token}&access_token=${token}`)).to.equal(401);
    expect(await list('', { cookie: `token=${token}; authorization=${token}` })).to.equal(401);
    expect(await list('', { authorization: token })).to.equal(401);
    expect(await list('', { authorization: `Basic ${token}` })).to.equal(401);
    expect(await list('', { authorization: `Bearer ${token} ${token}` })).to.equal(401);
    expect(await list('', { 'x-authorization': `Bearer ${token}` })).to.equal(401);
    const link = await fetch(`${url}/v1/files/${fileId}?link=${token}`);
    expect(link.status).to.equal(404);
    const connection = await TestClient.connect(`${url}?token=${token}`, '').catch((error: unknown) => error);
    expect(connection).to.be.instanceOf(Refused).and.have.property('code', 'unauthenticated');
  });

  it('nobody was asked for the keys that they point to', () => expect(attacker.asked).to.equal(0));

  describe('where public keys are configured', () => {
    let keyed: TestService;
    let theirs: Pair;
    const keys = new Attacker();

    before(async () => {
      theirs = await pairOf('ES256');
      await keys.start([{ ...theirs.jwk, kid: 'portal', alg: 'ES256', use: 'sig' }]);
      keyed = await startTestService({ env: { JWKS_URL: keys.url } });
    });
    after(async () => {
      await keyed.stop();
      keys.stop();
    });

    const es = { alg: 'ES256', kid: 'portal' };
    const TABLE: readonly Forged[] = [
      {
        what: 'HS256 with the public key (PEM) as the secret',
        make: () => assemble({ alg: 'HS256', kid: 'portal' }, claims(), hmac(theirs.publicPem)),
      },
      {
        what: 'HS256 with the public key (JWK) as the secret',
        make: () => assemble({ alg: 'HS256', kid: 'portal' }, claims(), hmac(JSON.stringify(theirs.jwk))),
      },
      { what: 'HS256 with the secret of the demonstration', make: () => assemble({ alg: 'HS256' }, claims(), right) },
      { what: 'alg none', make: () => assemble({ alg: 'none', kid: 'portal' }, claims(), nothing) },
      {
        what: 'another algorithm than the key is for',
        make: () => assemble({ alg: 'RS256', kid: 'portal' }, claims(), mine.signed),
      },
      { what: 'an own key under its name', make: () => assemble(es, claims(), mine.signed) },
      {
        what: 'an own key that it brings',
        make: () => assemble({ alg: 'RS256', kid: 'mine', jwk: mine.jwk }, claims(), mine.signed),
      },
      {
        what: 'an own key that it points to',
        make: () => assemble({ alg: 'RS256', kid: 'mine', jku: attacker.url }, claims(), mine.signed),
      },
      {
        what: 'a good one that points to other keys',
        make: () => assemble({ ...es, jku: attacker.url }, claims(), theirs.signed),
      },
      { what: 'a signature of nothing but zeros', make: () => assemble(es, claims(), () => Buffer.alloc(64)) },
      { what: 'not valid yet', make: () => assemble(es, claims({ nbf: now() + 60 }), theirs.signed) },
    ];
    for (const { what, make } of TABLE) {
      it(what, async () => {
        const answers = await everyWayIn(keyed.service.url, await make(), roomId, fileId);
        expect(answers).to.deep.equal(ALL('unauthenticated'));
      });
    }

    it('and a good one passes', async () => {
      const token = assemble(es, claims(), theirs.signed);
      expect((await post(keyed.service.url, token, 'room.list', {})).status).to.equal(200);
      expect(attacker.asked).to.equal(0);
    });
  });
});
