import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount, expectTexts } from './support/expect-shown.ts';
import type { Visitor, VisitorOptions } from './support/visitor.ts';

const bar = ({ page }: Visitor, act: string): Locator => page.locator(`delivery-room-opportunity [data-act=${act}]`);
const act = ({ page }: Visitor): Locator => page.locator('delivery-room-opportunity-act dialog[open]');
const editor = ({ page }: Visitor): Locator => page.locator('delivery-room-propose dialog[open]');
const table = ({ page }: Visitor): Locator => page.locator('delivery-room-proposals dialog[open]');
const tab = ({ page }: Visitor, stream: string): Locator => page.locator(`[role=tab][data-stream="${stream}"]`);
const told = ({ page }: Visitor, text: string): Locator => page.locator('.event, .card', { hasText: text });
const desk = ({ page }: Visitor, title: string): Locator =>
  page.locator('delivery-room-desks [data-desk]', { hasText: title });

async function done(visitor: Visitor): Promise<void> {
  await act(visitor).locator('[data-submit]').click();
  await act(visitor).waitFor({ state: 'detached' });
}

describe('the page: a demand and its competitors', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();
  let demands = 0;

  /** A new demand of the demonstration's client, and what opens its room. */
  async function publish(): Promise<{
    id: string;
    title: string;
    open(as: string, options?: VisitorOptions): Promise<Visitor>;
    join(as: string, org: string): Promise<void>;
  }> {
    const title = `Demand ${++demands} of a tea house`;
    const { opportunityId: id } = (await demo.call('operator', 'opportunity.create', {
      clientId: randomUUID(),
      buyer: { id: 'demo-chen-jingyi', org: 'demo-shanhai', name: '陈静怡' },
      category: '官网建设',
      title,
      details: 'Ten pages, and a list of teas that we keep ourselves.',
      budget: { min: '30000', max: '60000' },
      region: '福建',
      contactName: 'Chen',
      email: 'chen@shanhai.example',
      shareContact: true,
    })) as { opportunityId: string };
    return {
      id,
      title,
      async open(as, options) {
        const visitor = await demo.open(as, options);
        if (options?.isMobile === true) await visitor.page.locator('.back').click();
        await visitor.page.locator('delivery-room-list button.room', { hasText: title }).click();
        await visitor.page.locator('h1', { hasText: title }).waitFor();
        await visitor.live.waitFor();
        return visitor;
      },
      async join(as, org) {
        await demo.call('operator', 'opportunity.assign', { opportunityId: id, org });
        await demo.call(as, 'opportunity.accept', { opportunityId: id });
      },
    };
  }

  const propose = (as: string, opportunityId: string, name: string, price: string) =>
    demo.call(as, 'proposal.send', {
      opportunityId,
      clientId: randomUUID(),
      name,
      productId: 'demo-site-build',
      lines: [{ product: 'Site', quantity: 1, listPrice: price, price }],
    });

  it('goes from an offer over talk, a record and a proposal to the comparison, and shows a competitor nothing of it', async () => {
    const { id, title, open, join } = await publish();
    await join('sail', 'demo-yunfan');
    await propose('sail', id, 'Ready-made', '31200.50');
    await demo.call('operator', 'opportunity.assign', { opportunityId: id, org: 'demo-qingshan' });
    const client = await open('client');
    const cedar = await open('cedar');
    const sail = await open('sail');

    // An offer shows the demand, not whose it is, and how long there is to answer.
    await cedar.page.locator('delivery-room-opportunity .left', { hasText: /23 h \d+ min left to answer/ }).waitFor();
    await cedar.page.locator('delivery-room-opportunity details[open]', { hasText: 'keep ourselves' }).waitFor();
    await tab(cedar, 'desk:demo-qingshan').waitFor();
    await expectCount(tab(cedar, 'lane:demo-qingshan'), 0);
    expect(await cedar.everything())
      .to.include('keep ourselves')
      .and.not.match(/Chen|chen@/);
    await tab(client, 'lane:demo-qingshan').filter({ hasText: '青杉数字' }).waitFor();
    await bar(cedar, 'accept').click();
    await act(cedar).locator('[name=phone]').waitFor();
    await done(cedar);

    // The lane is there at once, for both.
    await tab(cedar, 'lane:demo-qingshan').click();
    await cedar.say('Good morning from Qingshan');
    await tab(client, 'lane:demo-qingshan').click();
    await client.message('Good morning from Qingshan').waitFor();
    await client.say('Please tell us about the list of teas');
    await cedar.message('the list of teas').waitFor();
    await cedar.page.locator('delivery-room-opportunity .left', { hasText: '6 d 23 h left' }).waitFor();
    await bar(cedar, 'record').click();
    await act(cedar).locator('[data-submit]').click();
    await expectCount(act(cedar).locator('[data-fault]'), 3);
    await act(cedar).locator('[name=connected][value=yes]').check();
    await act(cedar).locator('[name=stage]').selectOption('price');
    await act(cedar).locator('[name=text]').fill('They can spend about forty.');
    await done(cedar);
    await tab(cedar, 'notes:demo-qingshan').click();
    await told(cedar, 'They can spend about forty.').filter({ hasText: 'Discussing the price' }).waitFor();

    // Totals are exact while they are typed, and the same in what the buyer is sent.
    await bar(cedar, 'propose').click();
    await editor(cedar).locator('[name=name]').fill('With a list of teas');
    await editor(cedar).locator('[name=productId]').selectOption('demo-site-build');
    const fill = async (line: number, values: Record<string, string>) => {
      for (const [field, value] of Object.entries(values))
        await editor(cedar).locator(`[data-line-field=${field}]`).nth(line).fill(value);
    };
    await fill(0, { product: 'Design', quantity: '3', price: '0.10', listPrice: '0.20' });
    await editor(cedar).locator('[data-act=add-line]').click();
    await fill(1, { product: 'Code', spec: 'ten pages', price: '28,000.07' });
    await editor(cedar).locator('[data-total=quoted]', { hasText: '¥28,000.37' }).waitFor();
    await editor(cedar).locator('[data-total=list]', { hasText: '¥28,000.67' }).waitFor();
    const contract = (name: string) => ({ name, mimeType: 'application/pdf', buffer: Buffer.from(`%PDF-1.4 ${name}`) });
    await editor(cedar)
      .locator('input[type=file]')
      .setInputFiles([contract('terms.pdf'), contract('draft.pdf')]);
    await editor(cedar).locator('.tray [data-state=there]').nth(1).waitFor();
    await editor(cedar).locator('[data-submit]').click();
    await editor(cedar).locator('[data-field=contract] .fault', { hasText: 'One file.' }).waitFor();
    await editor(cedar).locator('.tray .out').last().click();
    await editor(cedar).locator('[data-submit]').click();
    await editor(cedar).waitFor({ state: 'detached' });
    await told(client, 'With a list of teas').filter({ hasText: '¥28,000.37' }).waitFor();
    await bar(client, 'compare').filter({ hasText: 'Compare 2 proposals' }).click();
    const total = (of: string): Locator =>
      table(client).locator(`[data-row=total] td:nth-child(${of === 'Ready-made' ? 2 : 3})`);
    await expectTexts(table(client).locator('thead th[data-provider]'), [
      '云帆网络Ready-made',
      '青杉数字With a list of teas',
    ]);
    await expectTexts(total('Ready-made'), ['¥31,200.50']);
    await expectTexts(total('With a list of teas'), ['¥28,000.37lowest']);
    const downloading = client.page.waitForEvent('download');
    await table(client).locator('[data-row=contract] button.file', { hasText: 'terms.pdf' }).click();
    expect((await downloading).suggestedFilename()).to.equal('terms.pdf');
    await client.page.keyboard.press('Escape');

    // What one provider does is nothing that another one could see.
    await sail.say('Still here');
    await sail.stored('Still here');
    await sail.page.reload();
    await sail.page.locator('delivery-room-list button.room', { hasText: title }).click();
    await sail.page.locator('h1', { hasText: title }).waitFor();
    await sail.live.waitFor();
    await sail.message('Still here').waitFor();
    expect(await sail.everything())
      .to.include('Still here')
      .and.not.match(/青杉|qingshan|周启明|With a list of teas|28,000/i);
    await expectCount(sail.page.locator('[role=tab]'), 4);
    await bar(sail, 'compare').click();
    await expectCount(table(sail).locator('thead th[data-provider]'), 1);
  });

  it("is paid in the portal's checkout: one has won, the others lose the room at once, and the delivery is linked", async () => {
    const { id, title, open, join } = await publish();
    for (const [as, org] of [
      ['cedar', 'demo-qingshan'],
      ['ink', 'demo-modian'],
    ] as const)
      await join(as, org);
    await propose('cedar', id, 'First', '100');
    await propose('ink', id, 'Second', '200');
    const client = await open('client');
    const cedar = await open('cedar');
    const ink = await open('ink');
    await bar(client, 'compare').click();
    await table(client).locator('[data-row=acts] [data-act=pay]').last().click();
    const checkout = client.page.locator('portal-checkout dialog[open]');
    await checkout.locator('.sum', { hasText: '¥200' }).waitFor();
    await checkout.locator('[data-submit]').click();
    await checkout.waitFor({ state: 'detached' });
    await table(client).locator('[data-status=paid]').first().waitFor();
    await client.page.keyboard.press('Escape');
    await cedar.page.locator('.no-room', { hasText: 'no longer have access' }).waitFor();
    await ink.page.locator('delivery-room-opportunity strong', { hasText: 'The buyer chose your proposal' }).waitFor();
    await bar(client, 'delivery').click();
    await client.page.locator('h1', { hasText: '官网定制开发' }).waitFor();
    await client.page.locator('delivery-room-step').waitFor();
    await client.page.locator('delivery-room-list button.room', { hasText: title }).click();
    await client.page.locator('.status[data-status=won]', { hasText: 'Deal' }).waitFor();
    await bar(client, 'delivery').waitFor();
    await expectCount(bar(client, 'revoke'), 0);
  });

  it('shows operators what a provider asks, live, until it is answered, and the provider the answer', async () => {
    const { title, open, join } = await publish();
    await join('cedar', 'demo-qingshan');
    const operator = await demo.open('operator');
    // The demonstration begins with a question that nobody has answered.
    await operator.page.locator('delivery-room-desks [data-desk=demo-modian]').waitFor();
    await expectCount(desk(operator, title), 0);
    const cedar = await open('cedar');
    await tab(cedar, 'desk:demo-qingshan').click();
    await cedar.say('May we invoice twice?');
    await desk(operator, title).locator('.count', { hasText: '1' }).waitFor();
    await cedar.say('Once a month, say?');
    await desk(operator, title).locator('.count', { hasText: '2' }).waitFor();
    await desk(operator, title).click();
    await operator.message('May we invoice twice?').waitFor();
    await operator.composer.and(operator.page.getByPlaceholder('Answer the provider', { exact: true })).waitFor();
    await operator.say('Twice is fine');
    await desk(operator, title).waitFor({ state: 'detached' });
    await cedar.message('Twice is fine').waitFor();
  });

  it('is assigned to who fits, with the reasons, and comes back to the operators when a provider ends its service', async () => {
    const { title, open, join } = await publish();
    await join('cedar', 'demo-qingshan');
    const operator = await open('operator');
    await bar(operator, 'assign').click();
    const suggested = act(operator).locator('.suggestion', { hasText: 'Blue Kite Studio' });
    await suggested.locator('[data-factor=category][data-for]', { hasText: 'serves the category' }).waitFor();
    await suggested.locator('[data-factor=rating]', { hasText: 'rated 4.6 of 5' }).waitFor();
    await expectCount(act(operator).locator('.suggestion', { hasText: '青杉数字' }), 0);
    await act(operator).locator('[data-submit]').click();
    await act(operator).locator('[data-field=org] .fault').waitFor();
    await suggested.locator('input').check();
    await done(operator);
    await operator.page
      .locator('.engagements [data-engagement=demo-blue-kite][data-status=offered]', { hasText: 'answers within 23 h' })
      .waitFor();

    const client = await open('client');
    const cedar = await open('cedar');
    await bar(cedar, 'terminate').click();
    await act(cedar).locator('[data-submit]').click();
    await act(cedar).locator('[data-field=reason] .fault').waitFor();
    await act(cedar).locator('[name=reason]').selectOption('no_response');
    await act(cedar).locator('[name=remark]').fill('Nobody answers the phone.');
    await act(cedar).locator('[data-submit]').click();
    await cedar.page.locator('.no-room', { hasText: 'no longer have access' }).waitFor();
    await client.page.locator('.engagements [data-engagement=demo-qingshan][data-ended]').waitFor();
    await operator.page.locator('.engagements [data-ended]', { hasText: 'The buyer does not respond' }).waitFor();
    expect(await client.everything())
      .to.include('ended its service')
      .and.not.match(/Nobody answers|does not respond/);
    await operator.page.locator('delivery-room-opportunity .seeking').waitFor();
    await operator.page.locator('delivery-room-desks [data-seeking]', { hasText: title }).waitFor();
  });

  it('says in words that a proposal was withdrawn, and that a demand was revoked under the hands of who quotes it', async () => {
    const { id, open, join } = await publish();
    await join('ink', 'demo-modian');
    await propose('ink', id, 'Too dear', '70000');
    const client = await open('client');
    const ink = await open('ink');
    await bar(ink, 'compare').filter({ hasText: 'Own proposals (1)' }).click();
    await table(ink).locator('[data-act=withdraw]').click();
    await done(ink);
    await table(ink).locator('.ended', { hasText: 'withdrawn' }).waitFor();
    await ink.page.keyboard.press('Escape');
    await told(client, 'withdrew a proposal').waitFor();
    await bar(client, 'compare').waitFor({ state: 'detached' });

    await bar(ink, 'record').click();
    await act(ink).locator('[name=text]').fill('What was written');
    await bar(client, 'revoke').click();
    await act(client).locator('[name=remark]').fill('Bought elsewhere');
    await done(client);
    await client.page.locator('.status[data-status=revoked]').waitFor();
    await ink.page.locator('.no-room', { hasText: 'no longer have access' }).waitFor();
  });

  it('speaks Chinese, on a phone', async () => {
    const { id, open, join } = await publish();
    await join('cedar', 'demo-qingshan');
    const phone: VisitorOptions = {
      lang: 'zh-CN',
      viewport: { width: 390, height: 800 },
      isMobile: true,
      hasTouch: true,
    };
    const cedar = await open('cedar', phone);
    await cedar.page.locator('delivery-room-opportunity strong', { hasText: '贵公司正在跟进' }).waitFor();
    await bar(cedar, 'propose').filter({ hasText: '新建方案' }).tap();
    await editor(cedar).locator('[data-submit]').tap();
    await editor(cedar).locator('[data-field=name] .fault', { hasText: '此项必填' }).waitFor();
    await editor(cedar).locator('[name=name]').fill('标准版');
    await editor(cedar).locator('[name=productId]').selectOption('demo-site-build');
    await editor(cedar).locator('[data-line-field=product]').fill('官网设计');
    await editor(cedar).locator('[data-line-field=price]').fill('１２，８００');
    await editor(cedar).locator('[data-total=quoted]', { hasText: '¥12,800' }).waitFor();
    await editor(cedar).locator('[data-submit]').tap();
    await editor(cedar).waitFor({ state: 'detached' });
    const client = await open('client', phone);
    await bar(client, 'compare').filter({ hasText: '查看方案' }).tap();
    await table(client).locator('[data-row=lines]', { hasText: '官网设计' }).waitFor();
    for (const { page } of [cedar, client]) {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).to.be.at.most(0);
    }
    expect(
      ((await demo.call('client', 'opportunity.get', { opportunityId: id })) as { opportunity: Opportunity })
        .opportunity.status,
    ).to.equal('quoted');
  });

  it('is answered by keyboard alone, and an Enter of the input method sends nothing', async () => {
    const { id, open } = await publish();
    await demo.call('operator', 'opportunity.assign', { opportunityId: id, org: 'demo-modian' });
    const ink = await open('ink');
    const { keyboard } = ink.page;
    await bar(ink, 'accept').focus();
    await keyboard.press('Enter');
    await act(ink).waitFor();
    await keyboard.press('Enter');
    await act(ink).waitFor({ state: 'detached' });
    await bar(ink, 'propose').focus();
    await keyboard.press('Enter');
    await editor(ink).waitFor();
    const devtools = await ink.context.newCDPSession(ink.page);
    await devtools.send('Input.imeSetComposition', { text: '方案', selectionStart: 2, selectionEnd: 2 });
    await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', windowsVirtualKeyCode: 229 });
    await devtools.send('Input.insertText', { text: '方案' });
    await expectCount(editor(ink).locator('[data-fault]'), 0);
    // What can be chosen is asked for when the editor opens.
    await editor(ink).locator('[name=productId] option').nth(1).waitFor({ state: 'attached' });
    await keyboard.press('Tab');
    await keyboard.press('ArrowDown');
    await keyboard.press('Tab');
    await keyboard.type('Design');
    // Enter goes on among the lines, and sends nothing.
    await keyboard.press('Enter');
    await keyboard.type('Code');
    for (const key of ['Tab', 'Tab', 'Tab', 'Tab']) await keyboard.press(key);
    await keyboard.type('20');
    await editor(ink).locator('[data-line-field=price]').first().focus();
    await keyboard.type('10');
    await editor(ink).locator('[data-total=quoted]', { hasText: '¥30' }).waitFor();
    await editor(ink).locator('[data-submit]').focus();
    await keyboard.press('Enter');
    await editor(ink).waitFor({ state: 'detached' });
    await bar(ink, 'compare').filter({ hasText: 'Own proposals (1)' }).waitFor();
  });

  // The last one: whoever has no place in the seeded demand any more has no room to begin with.
  it('ends when its times are over, by the clock that an operator moves', async () => {
    const { id, open, join } = await publish();
    await join('sail', 'demo-yunfan');
    await demo.call('operator', 'opportunity.assign', { opportunityId: id, org: 'demo-qingshan' });
    const operator = await open('operator');
    const sail = await open('sail');
    await operator.page.locator('demo-clock [data-jump=day]').click();
    await operator.page
      .locator('.engagements [data-engagement=demo-qingshan]', { hasText: 'not answered in time' })
      .waitFor();
    await sail.say('A day later');
    await sail.page.locator('delivery-room-opportunity .left', { hasText: /^5 d 23 h/ }).waitFor();
    await operator.page.locator('demo-clock [data-jump=week]').click();
    await sail.page.locator('.no-room').waitFor();
    await operator.page
      .locator('.engagements [data-engagement=demo-yunfan]', { hasText: 'no communication record in time' })
      .waitFor();
  });
});
