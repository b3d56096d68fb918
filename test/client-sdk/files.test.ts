import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Client, createClient, RoomError, type TokenReason } from '../../client-sdk/index.ts';
import { FILE_MAX_BYTES } from '../../shared/contract/limits.ts';
import { PNG } from '../support/files.ts';
import { people } from '../support/portal.ts';
import { tokenOf } from '../support/tokens.ts';
import { wireSuite } from '../support/wire-suite.ts';

async function failureOf(work: Promise<unknown>): Promise<RoomError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RoomError) return error;
    throw error;
  }
  throw new Error('was expected to fail');
}

const picture = () => new File([Uint8Array.from(PNG)], '合同.png');

describe('client-sdk files', () => {
  const suite = wireSuite();
  const clients: Client[] = [];
  const reasons: TokenReason[] = [];

  function clientOf(url: string, getToken: (reason: TokenReason) => string | Promise<string>): Client {
    const client = createClient({
      url: `${url}/`,
      getToken: (reason) => {
        reasons.push(reason);
        return getToken(reason);
      },
    });
    clients.push(client);
    return client;
  }
  const buyer = () => clientOf(suite.portal.url, () => suite.portal.token('buyer'));

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    reasons.length = 0;
  });

  it('uploads, also before it is connected, and sends what it uploaded through the outbox', async () => {
    const roomId = await suite.portal.project();
    const client = buyer();
    const file = await client.upload({ roomId, file: picture() });
    expect(file).to.deep.include({ name: '合同.png', size: PNG.length, type: 'image/png' });
    const named = await client.upload({ roomId, file: new Blob(['text']), name: 'a.txt', stream: 'public' });
    expect(named.name).to.equal('a.txt');
    expect(reasons, 'one token for both').to.deep.equal(['initial']);
    client.connect();
    const sent = client.room(roomId).send('here', { attachments: [file.id, named.id] });
    const entry = await sent.settled;
    expect(entry.body).to.deep.equal({ text: 'here', attachments: [file.id, named.id], files: [file, named] });
  });

  it('gives an address that needs no token', async () => {
    const roomId = await suite.portal.project();
    const client = buyer();
    const { id } = await client.upload({ roomId, file: picture() });
    client.connect();
    const { url, expiresAt } = await client.fileLink(id);
    const response = await fetch(url);
    expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).to.equal(true);
    expect(Date.parse(expiresAt)).to.be.greaterThan(Date.now());
    expect((await failureOf(client.fileLink('0'.repeat(24)))).code).to.equal('not_found');
  });

  it('rejects with what the server says, and with `too_large` before it sends', async () => {
    const roomId = await suite.portal.project();
    const client = buyer();
    const page = await failureOf(client.upload({ roomId, file: new Blob(['<html>']), name: 'a.html' }));
    expect(page.code).to.equal('unsupported_type');
    const notes = await failureOf(client.upload({ roomId, stream: 'provider', file: picture() }));
    expect(notes.code).to.equal('not_found');
    const large = { size: FILE_MAX_BYTES + 1 } as Blob;
    expect((await failureOf(client.upload({ roomId, file: large }))).code).to.equal('too_large');
  });

  it('asks for another token once when the server does not take the one it has', async () => {
    const roomId = await suite.portal.project();
    const stale = await tokenOf(people.buyer, { secret: 'x'.repeat(40) });
    const client = clientOf(suite.portal.url, (reason) =>
      reason === 'rejected' ? suite.portal.token('buyer') : stale,
    );
    await client.upload({ roomId, file: picture() });
    expect(reasons).to.deep.equal(['initial', 'rejected']);
    const never = clientOf(suite.portal.url, () => stale);
    expect((await failureOf(never.upload({ roomId, file: picture() }))).code).to.equal('unauthenticated');
    expect(reasons).to.deep.equal(['initial', 'rejected', 'initial', 'rejected']);
  });

  it('says that it was aborted, or that nobody could be reached', async () => {
    const roomId = await suite.portal.project();
    const client = buyer();
    const gone = new AbortController();
    gone.abort();
    expect((await failureOf(client.upload({ roomId, file: picture(), signal: gone.signal }))).code).to.equal(
      'conflict',
    );
    const late = new AbortController();
    const running = client.upload({
      roomId,
      file: new Blob([new Uint8Array(5_000_000).fill(97)]),
      name: 'a.txt',
      signal: late.signal,
    });
    setImmediate(() => late.abort());
    expect((await failureOf(running)).code).to.equal('conflict');
    const nowhere = clientOf('http://127.0.0.1:1', () => suite.portal.token('buyer'));
    expect((await failureOf(nowhere.upload({ roomId, file: picture() }))).code).to.equal('unavailable');
  });

  it('understands what a proxy answers in the place of the service', async () => {
    let status = 413;
    const proxy = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>too large</html>');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const client = clientOf(`http://127.0.0.1:${port}`, () => suite.portal.token('buyer'));
    for (const [answered, code] of [
      [413, 'too_large'],
      [502, 'unavailable'],
      [200, 'unavailable'],
    ] as const) {
      status = answered;
      expect((await failureOf(client.upload({ roomId: 'r', file: picture() }))).code).to.equal(code);
    }
    proxy.closeAllConnections();
    proxy.close();
  });

  describe('in a browser', () => {
    /** As much of a browser's XMLHttpRequest as is used, over `fetch`. */
    class FakeRequest extends EventTarget {
      readonly upload = new EventTarget();
      readonly #headers: Record<string, string> = {};
      readonly #stop = new AbortController();
      #address = '';
      status = 0;
      responseText = '';

      open(_method: string, address: string): void {
        this.#address = address;
      }

      setRequestHeader(name: string, value: string): void {
        this.#headers[name] = value;
      }

      abort(): void {
        this.#stop.abort();
      }

      send(body: FormData): void {
        this.#tell(150);
        fetch(this.#address, { method: 'POST', headers: this.#headers, body, signal: this.#stop.signal })
          .then(async (response) => {
            this.status = response.status;
            this.responseText = await response.text();
            this.#tell(300);
            this.dispatchEvent(new Event('load'));
          })
          .catch(() => this.dispatchEvent(new Event(this.#stop.signal.aborted ? 'abort' : 'error')))
          .finally(() => this.dispatchEvent(new Event('loadend')));
      }

      #tell(loaded: number): void {
        this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded, total: 300 }));
      }
    }

    before(() => Object.assign(globalThis, { XMLHttpRequest: FakeRequest }));
    after(() => Reflect.deleteProperty(globalThis, 'XMLHttpRequest'));

    it('tells how far it is, in bytes of the file', async () => {
      const roomId = await suite.portal.project();
      const told: [number, number][] = [];
      const client = buyer();
      const onProgress = (sent: number, total: number) => told.push([sent, total]);
      const { size } = await client.upload({ roomId, file: picture(), onProgress });
      expect(told).to.deep.equal([
        [size / 2, size],
        [size, size],
      ]);
      const stop = new AbortController();
      const aborted = client.upload({ roomId, file: picture(), signal: stop.signal, onProgress: () => stop.abort() });
      expect((await failureOf(aborted)).code).to.equal('conflict');
      const page = client.upload({ roomId, file: new Blob(['<html>']), name: 'a.html', onProgress });
      expect((await failureOf(page)).code).to.equal('unsupported_type');
    });
  });
});
