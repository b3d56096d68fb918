import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { builtScript, PAGE_DIR } from '../../../server/demo/built-page.ts';
import { demoPersonNamed } from '../../../server/demo/people.ts';
import type { CommandInput, CommandName } from '../../../shared/contract/registry.ts';
import { findChromium, launchChromium, sayWithoutBrowser } from '../../support/browser.ts';
import { post } from '../../support/client.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { tokenOf } from '../../support/tokens.ts';
import { buildPage } from './support/build-page.ts';
import { PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';
import { type Portal, startPortal } from './support/portal.ts';
import { Visitor } from './support/visitor.ts';

/** What the whole widget may weigh, minified and gzipped (quality.md, Users). */
const WIDGET_MAX_BYTES = 120 * 1024;

const HOSTILE = `
  html { font-size: 40px; letter-spacing: 9px; }
  * {
    display: inline !important; color: rgb(255, 0, 0) !important; font: italic 40px/3 serif !important;
    text-transform: uppercase !important; letter-spacing: 9px !important; opacity: 0.1 !important; visibility: hidden !important;
    transform: rotate(45deg) !important; filter: blur(9px) !important; float: right !important; text-align: right !important;
    white-space: nowrap !important; direction: rtl; pointer-events: none; cursor: wait; box-sizing: content-box !important;
  }
  button, textarea, li, ol, section, header, div { display: none !important; background: rgb(255, 0, 0) !important; }
  delivery-room { width: 700px !important; height: 500px !important; --dr-color-accent: rgb(1, 2, 3); }
`;

/** How every element within the room looks. A text, as the page must not need anything of the test's compiler. */
const LOOKS = `(() => {
  const names = ['color', 'font-family', 'font-size', 'font-style', 'line-height', 'letter-spacing', 'text-transform', 'display',
    'visibility', 'opacity', 'white-space', 'direction', 'text-align', 'cursor', 'float', 'box-sizing'];
  const deep = (root) => [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot ? deep(one.shadowRoot) : [])]);
  return deep(document.querySelector('delivery-room').shadowRoot)
    .filter((one) => one.localName !== 'slot')
    .map((one) => {
      const style = getComputedStyle(one);
      return [one.localName, String(one.className), ...names.map((name) => style.getPropertyValue(name))].join(' | ');
    });
})()`;

/** Waits for what may come after the messages: who is there, and that their end is in view. Under hostile rules nothing can be seen. */
async function settled(page: Page): Promise<void> {
  await page.locator('.people li[data-online]').first().waitFor({ state: 'attached' });
  await page.locator('.to-end').waitFor({ state: 'detached' });
}

/** A provider in a demand with competitors. */
const RIVAL = { as: 'cedar', shows: '我们去年给两家茶企做过官网' };

describe('the room in a page of somebody else', function () {
  this.timeout(PAGE_TEST_MS);
  let service: TestService;
  let portal: Portal;
  let browser: Browser | undefined;
  let visitor: Visitor;

  before(async function () {
    await buildPage();
    const chromium = findChromium();
    if (chromium === undefined) return;
    portal = await startPortal();
    service = await startTestService({ env: { DEMO: '1', ALLOWED_ORIGINS: portal.url } });
    browser = await launchChromium(chromium);
  });

  after(async () => {
    await browser?.close();
    await service?.stop();
    await portal?.close();
  });

  it(`weighs at most ${WIDGET_MAX_BYTES / 1024} KiB, gzipped, with its page`, async () => {
    const script = readFileSync(join(PAGE_DIR, await builtScript()));
    expect(gzipSync(script, { level: 9 }).byteLength).to.be.at.most(WIDGET_MAX_BYTES);
  });

  /** Somebody of the demonstration, and their newest room. */
  async function comes(as: string) {
    const person = demoPersonNamed(as);
    if (person === undefined) throw new Error(`nobody is called ${as}`);
    const { userId: sub, name, side, org, roles } = person;
    const token = await tokenOf({ sub, name, side, roles, ...(org === undefined ? {} : { org }) });
    const call = async <Name extends CommandName>(command: Name, input: CommandInput<Name>) => {
      const { data } = await post(service.service.url, token, command, input);
      return data ?? expect.fail(`${command} was refused`);
    };
    const [room] = (await call('room.list', {})).items;
    return { token, call, roomId: room?.id ?? expect.fail('there is no room') };
  }

  /** Opens the newest room of somebody within the portal's page. */
  async function visit(css: string, { as = 'buyer', shows = 'Perfect, I will fill in' } = {}): Promise<Visitor> {
    if (browser === undefined) throw new Error('there is no browser');
    const { token, roomId } = await comes(as);
    const { url } = service.service;
    portal.serve(
      `<!doctype html><html lang="en"><title>Portal</title><style nonce="n1">${css}</style>
<delivery-room room-id="${roomId}" base-url="${url}/"></delivery-room>
<script nonce="n1">document.querySelector('delivery-room').tokenProvider = () => window.portalToken();</script>
<script nonce="n1" type="module" crossorigin src="${url}/demo/${await builtScript()}"></script></html>`,
      `default-src 'none'; script-src 'nonce-n1' 'strict-dynamic'; style-src 'nonce-n1'; img-src 'self'; connect-src ${url} ${url.replace('http', 'ws')}`,
    );
    visitor = await Visitor.of(browser);
    await visitor.page.exposeFunction('portalToken', () => token);
    await visitor.page.goto(portal.url);
    await visitor.live.waitFor({ state: 'attached' });
    await visitor.message(shows).first().waitFor({ state: 'attached' });
    return visitor;
  }

  /**
   * Reads all that is unread, so that a first look shows no divider that a second one does not. Not in a page: that learns a
   * moment after it is live what is unread, and may be gone before it has told what was read.
   */
  async function readAll(as: string): Promise<void> {
    const { call, roomId } = await comes(as);
    const { room } = await call('room.get', { roomId });
    for (const { stream, head } of room.streams) await call('read.mark', { roomId, stream, seq: head });
  }

  afterEach(async () => {
    await visitor?.context.close();
  });

  it('works under a policy that allows nothing but its own script and server', async function () {
    if (browser === undefined) {
      sayWithoutBrowser('The room in a page of somebody else');
      this.skip();
    }
    const buyer = await visit('');
    await buyer.say('From the portal');
    await buyer.stored('From the portal');
    buyer.expectNoFaults();
    await expectCount(buyer.page.locator('[style]'), 0);
  });

  it("works so with a demand's room too, its dialogs and tables", async function () {
    if (browser === undefined) this.skip();
    const cedar = await visit('', RIVAL);
    const { page } = cedar;
    await page.locator('[data-act=compare]').click();
    await page
      .locator('delivery-room-proposals td', { hasText: '标准版' })
      .or(page.locator('[data-row=total]'))
      .waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-act=propose]').click();
    await page.locator('[data-line-field=price]').fill('12.50');
    await page.locator('[data-total=quoted]', { hasText: '¥12.50' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-act=terminate]').click();
    await page.locator('delivery-room-opportunity-act dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-stream^="notes:"]').click();
    await page.locator('.card[data-event="record.added"]').waitFor();
    cedar.expectNoFaults();
    await expectCount(page.locator('[style]'), 0);
  });

  it('looks the same under hostile rules of the page, but for what the page may set', async function () {
    if (browser === undefined) this.skip();
    const looks = async ({ page }: Visitor): Promise<string[]> => {
      await settled(page);
      return page.evaluate(LOOKS);
    };
    const size =
      'delivery-room { width: 700px !important; height: 500px !important; --dr-color-accent: rgb(1, 2, 3); }';
    await readAll('buyer');
    const plain = await looks(await visit(size));
    await visitor.context.close();
    const attacked = await visit(HOSTILE);
    const seen = await looks(attacked);
    expect(seen.filter((look, index) => look !== plain[index])).to.deep.equal([]);
    expect(seen).to.have.length(plain.length);
    expect(plain).to.have.length.above(100);

    const host = await attacked.page.locator('delivery-room').evaluate((element) => {
      const { display, visibility, opacity, transform, filter } = getComputedStyle(element);
      return { display, visibility, opacity, transform, filter };
    });
    expect(host).to.deep.equal({
      display: 'block',
      visibility: 'visible',
      opacity: '1',
      transform: 'none',
      filter: 'none',
    });
    const badge = attacked.page.locator('.send');
    expect(await badge.evaluate((element) => getComputedStyle(element).getPropertyValue('--accent'))).to.equal(
      'rgb(1, 2, 3)',
    );
    await attacked.say('Written in spite of it');
    await attacked.stored('Written in spite of it');
  });

  it("keeps a demand's room as it is under hostile rules", async function () {
    if (browser === undefined) this.skip();
    const looks = async (css: string): Promise<string[]> => {
      const { page } = await visit(css, RIVAL);
      await page.locator('[data-act=propose]').click();
      await page.locator('delivery-room-propose [name=productId] option').nth(2).waitFor({ state: 'attached' });
      await settled(page);
      const seen = (await page.evaluate(LOOKS)) as string[];
      await visitor.context.close();
      return seen;
    };
    await readAll(RIVAL.as);
    const size =
      'delivery-room { width: 700px !important; height: 500px !important; --dr-color-accent: rgb(1, 2, 3); }';
    const plain = await looks(size);
    const attacked = await looks(HOSTILE);
    expect(attacked.filter((look, index) => look !== plain[index])).to.deep.equal([]);
    expect(attacked).to.have.length(plain.length).above(200);
  });

  it('leaves nothing behind when it is taken out of the page, and comes back when it is put in again', async function () {
    if (browser === undefined) this.skip();
    const buyer = await visit('');
    const sockets: string[] = [];
    buyer.page.on('websocket', (socket) => sockets.push(socket.url()));
    await buyer.page.evaluate(() => {
      const room = document.querySelector('delivery-room');
      room?.remove();
      Reflect.set(window, 'kept', room);
    });
    await buyer.live.waitFor({ state: 'detached' });
    expect(sockets).to.deep.equal([]);
    await buyer.page.evaluate(() => document.body.append(Reflect.get(window, 'kept') as Node));
    await buyer.live.waitFor();
    await buyer.message('Perfect, I will fill in').waitFor();
    expect(sockets).to.have.length(1);
    buyer.expectNoFaults();
  });
});
