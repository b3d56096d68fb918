import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { WINDOW_MAX, WINDOW_START } from '../../../client-sdk/element/timeline-window.ts';
import { findChromium, launchChromium, sayWithoutBrowser } from '../../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { buildPage } from './support/build-page.ts';
import { Visitor, type VisitorOptions } from './support/visitor.ts';

describe('the demonstration page in a real browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let database: TestDatabase;
  let service: ServiceProcess;
  const visitors: Visitor[] = [];

  const start = (port = 0) =>
    startServiceProcess({ ...database.env, DEMO: '1', PORT: String(port), LOG_LEVEL: 'info' });
  const open = async (as: string, options?: VisitorOptions): Promise<Visitor> => {
    const visitor = await Visitor.open(browser, service.url, as, options);
    visitors.push(visitor);
    return visitor;
  };

  before(async function () {
    const chromium = findChromium();
    if (chromium === undefined) {
      sayWithoutBrowser('The demonstration page in a real browser');
      this.skip();
    }
    await buildPage();
    database = await createTestDatabase();
    service = await start();
    browser = await launchChromium(chromium);
  });

  after(async () => {
    await browser?.close();
    await service?.end('SIGTERM');
    await database?.drop();
  });

  afterEach(async () => {
    const closing = visitors.splice(0);
    await Promise.all(closing.map((visitor) => visitor.close()));
    for (const visitor of closing) visitor.expectNoFaults();
  });

  it('lets buyer, designer and operator talk, see each other present and typing, and read receipts', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    const operator = await open('operator');

    await buyer.say('Good morning from the buyer');
    await designer.message('Good morning from the buyer').waitFor();
    await operator.message('Good morning from the buyer').waitFor();
    await designer.say('Good morning from the designer');
    await buyer.message('Good morning from the designer').waitFor();
    // The designer has read on by writing: the buyer's own message says so.
    await buyer.message('Good morning from the buyer').locator('.mark[data-read]').waitFor();

    for (const name of ['Wang Fang', 'Lin Jie', 'Qiu Yan']) {
      await buyer.page.locator('.people li[data-online]', { hasText: name }).waitFor();
    }
    await operator.composer.pressSequentially('Hm');
    await buyer.page.locator('.typing', { hasText: 'Qiu Yan is typing' }).waitFor();
    await operator.composer.fill('');
    await buyer.page.locator('.typing', { hasText: 'Qiu Yan' }).waitFor({ state: 'detached' });
  });

  it('shows somebody who has left as away, once the grace is over', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    await buyer.page.locator('.people li[data-online]', { hasText: 'Lin Jie' }).waitFor();
    await designer.page.goto('about:blank');
    await buyer.page.locator('.people li:not([data-online])', { hasText: 'Lin Jie' }).waitFor();
  });

  it('keeps notes from the buyer: no tab, no text, no count', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    const operator = await open('operator');
    expect(await buyer.page.locator('[role=tab]').count()).to.equal(0);

    await designer.tab('provider').click();
    await designer.say('A note that the buyer never sees');
    await designer.stored('A note that the buyer never sees');
    await operator.tab('provider').locator('.badge').waitFor();
    await operator.tab('provider').click();
    await operator.message('A note that the buyer never sees').waitFor();
    await operator.tab('operator').click();
    await operator.say('A remark for operators');
    expect(await designer.page.locator('[role=tab][data-stream=operator]').count()).to.equal(0);

    // Something that does reach the buyer: what was sent before it would have come before it.
    await designer.tab('public').click();
    await designer.say('Something for everyone');
    await buyer.message('Something for everyone').waitFor();
    expect((await buyer.texts()).join('\n'))
      .to.not.include('never sees')
      .and.not.include('remark');
    expect(await buyer.page.content()).to.not.include('never sees');
  });

  it('lets the vendor read notes and write nowhere', async () => {
    const vendor = await open('vendor');
    await vendor.page.locator('.read-only').waitFor();
    await vendor.tab('provider').click();
    await vendor.message('Logo comes Friday').waitFor();
    expect(await vendor.composer.count()).to.equal(0);
    expect(await vendor.page.locator('[data-action]').count()).to.equal(0);
  });

  it('edits, recalls and answers own messages', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    await buyer.say('First wording');
    await designer.message('First wording').waitFor();
    await buyer.stored('First wording');

    await buyer.act('First wording', 'edit');
    expect(await buyer.composer.inputValue()).to.equal('First wording');
    await buyer.composer.fill('Second wording');
    await buyer.composer.press('Enter');
    await designer.message('Second wording').locator('.mark', { hasText: 'edited' }).waitFor();
    expect(await designer.message('First wording').count()).to.equal(0);

    await designer.act('Second wording', 'reply');
    await designer.say('An answer to it');
    await buyer.message('An answer to it').locator('.quote', { hasText: 'Second wording' }).waitFor();

    await buyer.act('Second wording', 'recall');
    await designer.page.locator('.bubble.gone', { hasText: 'Wang Fang recalled a message' }).waitFor();
    expect(await designer.page.content()).to.not.include('Second wording');
    expect((await designer.texts()).join('\n')).to.not.include('Second wording');
  });

  it('misses nothing over an outage of the network, and sends what was written meanwhile, in order', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    await buyer.context.setOffline(true);
    await buyer.page.locator('.banner').waitFor();
    await buyer.say('Written offline 1');
    await buyer.say('Written offline 2');
    await buyer.message('Written offline 1').locator('.mark[data-state=pending]').waitFor();
    await designer.say('Said while you were away 1');
    await designer.say('Said while you were away 2');
    await designer.stored('Said while you were away 2');

    await buyer.context.setOffline(false);
    await buyer.message('Said while you were away 2').waitFor();
    await designer.message('Written offline 2').waitFor();
    await buyer.stored('Written offline 2');
    await buyer.page.locator('.banner').waitFor({ state: 'detached' });
    const wanted = [
      'Said while you were away 1',
      'Said while you were away 2',
      'Written offline 1',
      'Written offline 2',
    ];
    expect((await designer.texts()).slice(-4)).to.deep.equal(wanted);
    expect((await buyer.texts()).slice(-4)).to.deep.equal(wanted);
  });

  it('misses nothing when the server is killed under them and comes back', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    await buyer.say('Before the kill');
    await buyer.stored('Before the kill');
    const { port } = service;
    await service.end('SIGKILL');
    await buyer.page.locator('.banner').waitFor();
    await buyer.say('Written to a dead server');
    await designer.say('So was this');
    service = await start(port);
    for (const visitor of [buyer, designer]) {
      await visitor.live.waitFor({ timeout: 40_000 });
      await visitor.message('Written to a dead server').waitFor();
      await visitor.message('So was this').waitFor();
    }
    await buyer.stored('Written to a dead server');
    await designer.stored('So was this');
    const all = await designer.texts();
    expect(await buyer.texts()).to.deep.equal(all);
    for (const text of ['Before the kill', 'Written to a dead server', 'So was this']) {
      expect(all.filter((one) => one === text)).to.have.length(1);
    }
  });

  it('keeps unsent messages over a reload', async () => {
    const buyer = await open('buyer');
    await buyer.context.setOffline(true);
    await buyer.page.locator('.banner').waitFor();
    await buyer.say('Written before the reload');
    await buyer.message('Written before the reload').locator('.mark[data-state=pending]').waitFor();
    await buyer.page.close();
    await buyer.context.setOffline(false);
    const again = await buyer.context.newPage();
    await again.goto(`${service.url}/demo/room?as=buyer&lang=en`);
    const bubble = again.locator('.message', { hasText: 'Written before the reload' });
    await bubble.locator('.mark[data-state=sent]').waitFor();
    expect(await bubble.count()).to.equal(1);
  });

  it('sends nothing for an Enter that belongs to the input method', async () => {
    const buyer = await open('buyer');
    await buyer.composer.focus();
    const before = await buyer.texts();
    const devtools = await buyer.context.newCDPSession(buyer.page);
    await devtools.send('Input.imeSetComposition', { text: '你好', selectionStart: 2, selectionEnd: 2 });
    await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', windowsVirtualKeyCode: 13 });
    // As Safari tells it: the composition is over, and the key's code says that it belonged to it.
    await buyer.composer.evaluate((area) =>
      area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })),
    );
    await devtools.send('Input.insertText', { text: '你好' });
    expect(await buyer.composer.inputValue()).to.equal('你好');
    expect(await buyer.texts()).to.deep.equal(before);
    await buyer.composer.press('Enter');
    await buyer.message('你好').waitFor();
  });

  it('can be used by keyboard alone', async () => {
    const operator = await open('operator');
    const { keyboard } = operator.page;
    await operator.tab('public').focus();
    await keyboard.press('ArrowRight');
    await operator.page.locator('[role=tab][data-stream=provider][aria-selected=true]').waitFor();
    await keyboard.press('ArrowLeft');
    await operator.composer.focus();
    await keyboard.type('By keyboard');
    await keyboard.press('Enter');
    await operator.stored('By keyboard');
    // From the composer back into the list, to the newest message and its actions.
    await operator.page.locator('delivery-room-timeline ol').focus();
    await keyboard.press('ArrowUp');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await operator.page.locator('.task', { hasText: 'By keyboard' }).waitFor();
    await keyboard.press('Escape');
    await operator.page.locator('.task').waitFor({ state: 'detached' });
    await keyboard.press('ArrowUp');
    await operator.page.locator('.task', { hasText: 'Editing your message' }).waitFor();
  });

  it('speaks Chinese, on a phone', async () => {
    const designer = await open('designer', {
      lang: 'zh-CN',
      viewport: { width: 390, height: 800 },
      isMobile: true,
      hasTouch: true,
    });
    expect(await designer.page.locator('.tabs').innerText())
      .to.include('全部可见')
      .and.include('项目备注');
    await designer.page.locator('.event', { hasText: '已分配服务商：Blue Kite Studio' }).waitFor();
    await designer.composer.fill('手机上写的');
    await designer.page.getByRole('button', { name: '发送' }).tap();
    await designer.stored('手机上写的');
    await designer.page.locator('.people-button').tap();
    await designer.page.locator('.steps', { hasText: '提交需求' }).waitFor();
    await designer.page.locator('aside .close').tap();
    await designer.page.getByRole('button', { name: '全部房间' }).tap();
    await designer.page.locator('delivery-room-list button.room', { hasText: 'Landing page' }).tap();
    await designer.page.locator('h1', { hasText: 'Landing page' }).waitFor();
    const overflow = await designer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).to.be.at.most(0);
  });

  it('draws a bounded part of a long history, loads older on the way up, and holds its place', async () => {
    const { token } = (await (await fetch(`${service.url}/demo/token?as=designer`)).json()) as { token: string };
    const call = async (name: string, input: unknown): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${service.url}/v1/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(input),
      });
      expect(response.status).to.equal(200);
      return response.json();
    };
    const { items } = (await call('room.list', {})) as { items: { id: string; title: string }[] };
    const roomId = items.find(({ title }) => title.includes('Landing page'))?.id;
    for (let line = 1; line <= 300; line++) {
      await call('message.send', { roomId, clientId: randomUUID(), text: `Line ${line} of a long story` });
    }
    const vendor = await open('vendor');
    await vendor.page.locator('delivery-room-list button.room', { hasText: 'Landing page' }).click();
    const scroller = vendor.page.locator('delivery-room-timeline .scroller');
    const rows = vendor.page.locator('delivery-room-timeline .message');
    // It opens at the first unread entry of what it holds; from there to the end.
    await vendor.page.locator('.to-end').click();
    await vendor.message('Line 300 of').waitFor();
    expect(await rows.count()).to.be.at.most(WINDOW_START);

    const top = (text: string) => vendor.message(text).evaluate((row) => Math.round(row.getBoundingClientRect().top));
    for (let reach = 250; reach >= 50; reach -= 50) {
      const sought = vendor.message(`Line ${reach} of`);
      for (let turn = 0; turn < 60 && !(await sought.isVisible()); turn++) {
        await scroller.hover();
        await vendor.page.mouse.wheel(0, -600);
        await vendor.page.evaluate(() => new Promise(requestAnimationFrame));
      }
      await sought.waitFor();
      expect(await rows.count()).to.be.at.most(WINDOW_MAX);
    }
    // What comes in at the end, and what is drawn above, moves nothing before the reader's eyes.
    await vendor.message('Line 50 of').scrollIntoViewIfNeeded();
    const before = await top('Line 50 of');
    await call('message.send', { roomId, clientId: randomUUID(), text: 'Line 301 of a long story' });
    await vendor.page.locator('.to-end', { hasText: '1 new message' }).waitFor();
    expect(await top('Line 50 of')).to.equal(before);
    await vendor.page.locator('.to-end').click();
    await vendor.message('Line 301 of').waitFor();
    expect(await rows.count()).to.be.at.most(WINDOW_START);
  });

  it('tells of other rooms in the list, and marks them as read when they are opened', async () => {
    const buyer = await open('buyer');
    const designer = await open('designer');
    const other = (visitor: Visitor) =>
      visitor.page.locator('delivery-room-list button.room', { hasText: 'Landing page' });
    await other(designer).click();
    await designer.page.locator('h1', { hasText: 'Landing page' }).waitFor();
    await designer.live.waitFor();
    await designer.say('News in the other room');
    await other(buyer).locator('.last', { hasText: 'News in the other room' }).waitFor();
    await other(buyer).locator('.badge').waitFor();
    await other(buyer).click();
    await buyer.message('News in the other room').waitFor();
    await other(buyer).locator('.badge').waitFor({ state: 'detached' });
  });
});
