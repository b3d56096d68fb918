import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';
import type { Visitor, VisitorOptions } from './support/visitor.ts';

const HOUR_MS = 3_600_000;

const form = ({ page }: Visitor): Locator => page.locator('delivery-room-publish form');
const part = (visitor: Visitor, name: string): Locator => form(visitor).locator(`[data-part=${name}]`);
const card = ({ page }: Visitor, title: string): Locator =>
  page.locator('delivery-room-plaza .card', { hasText: title });
const title = ({ page }: Visitor, text: string): Locator => page.locator('delivery-room h1', { hasText: text });
const status = ({ page }: Visitor): Locator => page.locator('delivery-room .status');

describe('the page: publishing a demand, and the plaza', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();
  // What is published goes to the plaza when an hour is full: none becomes so but by a test.
  before(() => demo.toNoon());

  /** Somebody who looks at the plaza or at the form. */
  async function open(as: string, view: 'plaza' | 'publish', options: VisitorOptions = {}): Promise<Visitor> {
    const visitor = await demo.open(as, options);
    if (options.isMobile === true) await visitor.page.locator('.back').click();
    await visitor.page.locator(`[data-view=${view}]`).click();
    await visitor.page.locator(`delivery-room-${view} h1`).waitFor();
    return visitor;
  }

  async function fill(visitor: Visitor, values: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(values)) await form(visitor).locator(`[name=${name}]`).fill(value);
  }

  const submit = (visitor: Visitor): Promise<void> => form(visitor).locator('[data-submit]').click();

  const publish = async (name: string, more: object = {}): Promise<string> => {
    const { opportunityId } = (await demo.call('operator', 'opportunity.create', {
      clientId: randomUUID(),
      buyer: { id: 'demo-chen-jingyi', org: 'demo-shanhai', name: '陈静怡' },
      category: '软件实施',
      title: name,
      details: 'What is needed, in short.',
      region: '北京',
      ...more,
    })) as { opportunityId: string };
    return opportunityId;
  };

  it('publishes a demand of a buyer whose phone is verified by a code, and says what does not fit', async () => {
    const client = await open('client', 'publish');
    await submit(client);
    const faulty = form(client).locator('[data-fault]');
    await faulty.first().waitFor();
    expect(await faulty.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-field')))).to.deep.equal([
      'category',
      'title',
      'details',
      'region',
      'phone',
    ]);
    await form(client).locator('[name=category]').selectOption('软件实施');
    await form(client).locator('[name=region]').selectOption('上海');
    await fill(client, { title: 'Stock of three shops in one place', details: 'Tills that know of each other.' });
    await fill(client, { budgetMin: '20,000', budgetMax: '8000', contactName: 'Chen', email: 'chen@shanhai.example' });
    await fill(client, { phone: '12' });
    await form(client).locator('[name=shareContact]').check();
    await submit(client);
    await part(client, 'budgetMax').locator('.fault', { hasText: 'must not be less' }).waitFor();
    await fill(client, { budgetMax: '35000.50' });
    await part(client, 'phone').locator('[data-act=send-code]').click();
    await part(client, 'phone').locator('.fault', { hasText: 'must be a phone number' }).waitFor();
    await fill(client, { phone: '139 0000 1111' });
    await part(client, 'phone').locator('[data-act=send-code]').click();
    await part(client, 'phone').locator('[role=status]', { hasText: 'It holds for 10 minutes' }).waitFor();
    const code = await demo.lastCode();
    await fill(client, { code: code === '000000' ? '000001' : '000000' });
    await submit(client);
    await part(client, 'code').locator('.fault', { hasText: 'not the code that was sent' }).waitFor();
    await fill(client, { code });
    await submit(client);
    await title(client, 'Stock of three shops').waitFor();
    await status(client).filter({ hasText: 'Open' }).waitFor();
    await client.page
      .locator('delivery-room-opportunity .why', { hasText: 'in the plaza on the next full hour' })
      .waitFor();
    await client.page.locator('delivery-room-opportunity summary').click();
    const everything = await client.everything();
    for (const shown of ['¥20,000 – ¥35,000.50', 'phone verified', 'chen@shanhai.example'])
      expect(everything).to.include(shown);
    expect(everything).to.not.match(/139\s?0000/);
  });

  it('appears in the plaza after the full hour, is grabbed there, and talked about at once', async () => {
    const name = 'A plaza demand';
    await publish(name, { shareContact: true, contactName: 'Chen' });
    const sail = await open('sail', 'plaza');
    await sail.page.locator('.hours', { hasText: /as of \d\d:00 · next refresh \d\d:00, in \d+ (min|h)/ }).waitFor();
    await expectCount(card(sail, name), 0);
    await demo.call('operator', 'clock.advance', { ms: HOUR_MS });
    await sail.page.locator('[data-act=refresh]').click();
    await card(sail, name).locator('[data-act=grab]').waitFor();
    expect(await card(sail, name).innerText()).to.not.include('Chen');
    const client = await demo.open('client');
    await client.page.locator('delivery-room-list button.room', { hasText: name }).click();
    await title(client, name).waitFor();

    await card(sail, name).locator('[data-act=grab]').click();
    await sail.page.locator('.grabbed', { hasText: 'follows it now' }).waitFor();
    await expectCount(card(sail, name), 0);
    await sail.page.locator('.grabbed [data-act=open]').click();
    await title(sail, name).waitFor();
    await sail.say('We would like to help');
    const lane = client.page.locator('[role=tab][data-stream="lane:demo-yunfan"]', { hasText: '云帆网络' });
    await lane.click();
    await client.message('We would like to help').waitFor();
    await status(client).filter({ hasText: 'Talking' }).waitFor();
    await client.page.locator('.engagements [data-engagement=demo-yunfan]', { hasText: 'from the plaza' }).waitFor();
  });

  it('says what was taken or revoked meanwhile, and what is over the five of a day', async () => {
    await demo.toNoon();
    const ids: string[] = [];
    for (let number = 1; number <= 6; number++) ids.push(await publish(`Demand ${number} of six`));
    await demo.call('operator', 'clock.advance', { ms: HOUR_MS });
    const cedar = await open('cedar', 'plaza');
    await card(cedar, 'Demand 6 of six').waitFor();
    await demo.call('client', 'opportunity.revoke', { opportunityId: ids[5] });
    await card(cedar, 'Demand 6 of six').locator('[data-act=grab]').click();
    await cedar.page.locator('.refused', { hasText: 'too late' }).waitFor();
    await expectCount(card(cedar, 'Demand 6 of six'), 0);
    for (let number = 1; number <= 5; number++) {
      await card(cedar, `Demand ${number} of six`).locator('[data-act=grab]').click();
      await card(cedar, `Demand ${number} of six`).waitFor({ state: 'detached' });
    }
    await publish('One too many');
    await demo.call('operator', 'clock.advance', { ms: HOUR_MS });
    await cedar.page.locator('[data-act=refresh]').click();
    await card(cedar, 'One too many').locator('[data-act=grab]').click();
    await cedar.page.locator('.refused', { hasText: 'as many as it may today' }).waitFor();
    await expectCount(card(cedar, 'One too many'), 1);
  });

  it('can be looked through by category and region, and leads nobody but admins to grab', async () => {
    await publish('Seen by region', { region: '浙江', category: '品牌设计' });
    await demo.call('operator', 'clock.advance', { ms: HOUR_MS });
    const operator = await open('operator', 'plaza');
    await card(operator, 'Seen by region').waitFor();
    await expectCount(operator.page.locator('delivery-room-plaza [data-act=grab]'), 0);
    await operator.page.locator('.filters [name=region]').selectOption('广东');
    await operator.page.locator('.empty', { hasText: 'Nothing in the plaza' }).waitFor();
    await operator.page.locator('.filters [name=region]').selectOption('浙江');
    await card(operator, 'Seen by region').waitFor();
    const designer = await demo.open('designer');
    await designer.page.locator('.me', { hasText: 'Lin Jie' }).waitFor();
    await expectCount(designer.page.locator('.ways'), 0);
  });

  it('is submitted by a provider for a customer, to itself, by keyboard alone', async () => {
    const ink = await open('ink', 'publish');
    const { keyboard } = ink.page;
    await form(ink).locator('[name=buyer]').focus();
    await keyboard.press('ArrowDown');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.press('ArrowDown');
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    const devtools = await ink.context.newCDPSession(ink.page);
    await devtools.send('Input.imeSetComposition', { text: '一句话', selectionStart: 3, selectionEnd: 3 });
    await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', windowsVirtualKeyCode: 229 });
    await devtools.send('Input.insertText', { text: '一句话需求' });
    await expectCount(form(ink).locator('[data-fault]'), 0, 'sent by the input method');
    expect(await form(ink).locator('[name=title]').inputValue()).to.equal('一句话需求');
    await keyboard.press('Tab');
    await keyboard.type('Line one');
    await keyboard.press('Enter');
    await keyboard.type('Line two');
    await keyboard.press('Tab');
    await keyboard.press('ArrowDown');
    await form(ink).locator('[name=contactName]').focus();
    await keyboard.press('Enter');
    await title(ink, '一句话需求').waitFor();
    await ink.page
      .locator('delivery-room-opportunity strong', { hasText: 'Your company follows this demand' })
      .waitFor();
    await ink.say('For our customer');
    const { items } = (await demo.call('ink', 'opportunity.list', {})) as { items: Opportunity[] };
    expect(items[0]).to.deep.include({ kind: 'targeted', details: 'Line one\nLine two' });
    expect(items[0]?.buyer).to.include({ id: 'demo-chen-jingyi' });
  });

  it('speaks Chinese, on a phone', async () => {
    const phone: VisitorOptions = {
      lang: 'zh-CN',
      viewport: { width: 390, height: 800 },
      isMobile: true,
      hasTouch: true,
    };
    const client = await open('client', 'publish', phone);
    await form(client).locator('[data-submit]', { hasText: '发布' }).tap();
    await part(client, 'title').locator('.fault', { hasText: '此项必填' }).waitFor();
    const ink = await open('ink', 'plaza', phone);
    await ink.page.locator('.hours', { hasText: /下次更新 \d\d:00，还有 \d+ (分钟|小时)/ }).waitFor();
    for (const { page } of [client, ink]) {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).to.be.at.most(0);
    }
  });

  it('keeps what was filled in when the connection is gone, and sends nothing', async () => {
    const client = await open('client', 'publish');
    await form(client).locator('[name=category]').selectOption('品牌设计');
    await form(client).locator('[name=region]').selectOption('全国');
    await fill(client, { title: 'Kept', details: 'Kept as well', phone: '13900002222' });
    await client.context.setOffline(true);
    await client.page.waitForFunction(() => !navigator.onLine);
    await part(client, 'phone').locator('[data-act=send-code]').click();
    await part(client, 'phone').locator('[role=status]', { hasText: 'cannot be reached' }).waitFor();
    expect(await form(client).locator('[name=title]').inputValue()).to.equal('Kept');
    await client.context.setOffline(false);
  });
});
