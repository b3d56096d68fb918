import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import type { Call } from '../../../shared/contract/calls.ts';
import { demonstration, type Demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';
import { HeldPhones } from './support/held-phones.ts';
import { SHOWN_MS, type Visitor, type VisitorOptions } from './support/visitor.ts';

const OWN_NUMBER = '+1 202 555 0147';
const BUYER = { id: 'demo-wang-fang', org: 'demo-harbour-tea', name: 'Wang Fang' };
/** How long the simulator takes until the caller's phone rings, the callee's does, and that one is picked up or not. In milliseconds. */
const RINGS_CALLER = 1000;
const RINGS_CALLEE = 3000;
const IS_ANSWERED = 3000;
const TALK = 30_000;
const IS_NOT_ANSWERED = 2000;
const PHONE: VisitorOptions = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true };

const phoneOf = (visitor: Visitor, name: string): Locator => visitor.person(name).locator('[data-act=call]');
const dialog = ({ page }: Visitor): Locator => page.locator('delivery-room-call dialog[open]');
const bar = ({ page }: Visitor, state?: Call['state']): Locator =>
  page.locator(`delivery-room-calls li${state === undefined ? '' : `[data-state=${state}]`}`);
const row = ({ page }: Visitor, text: string): Locator => page.locator('.call', { hasText: text });
const heard = ({ page }: Visitor, text: string): Locator => page.locator('[role=log]', { hasText: text });

/** Seconds that a bar shows. */
const shownBy = async (time: Locator): Promise<number> => {
  const [minutes = 0, seconds = 0] = (await time.innerText()).split(':').map(Number);
  return minutes * 60 + seconds;
};

async function place(visitor: Visitor, name: string): Promise<void> {
  await phoneOf(visitor, name).click();
  await dialog(visitor).locator('[data-submit]').click();
  await dialog(visitor).waitFor({ state: 'detached' });
}

/** A new order of the demonstration's buyer in which Lin Jie works, and what opens its room. */
async function order(demo: Demonstration, spec: string, phone?: string) {
  const contact = phone === undefined ? {} : { contact: { phone } };
  const { roomId } = (await demo.call('operator', 'project.create', {
    orderId: spec.replaceAll(' ', '-'),
    productId: 'demo-website-design',
    spec,
    buyer: { ...BUYER, ...contact },
  })) as { roomId: string };
  await demo.call('admin', 'member.add', { roomId, userId: 'demo-lin-jie', name: 'Lin Jie' });
  return {
    roomId,
    async open(as: string, options?: VisitorOptions): Promise<Visitor> {
      const visitor = await demo.open(as, options);
      if (options?.isMobile === true) await visitor.page.locator('.back').click();
      await visitor.page.locator('delivery-room-list button.room', { hasText: spec }).click();
      await visitor.page.locator('h1', { hasText: spec }).waitFor();
      await visitor.live.waitFor();
      return visitor;
    },
  };
}

describe('the page: calls', function () {
  this.timeout(PAGE_TEST_MS);
  const phones = new HeldPhones();
  const demo = demonstration({}, phones.serve);
  // Two people have one call at a time: what one test leaves is over before the next one.
  afterEach(() => phones.after(2 * TALK));

  it('rings one, then the other, joins them and counts how long they talk, in one row from its request to its end', async () => {
    const { open } = await order(demo, 'Talking', '+86 10 5550 0131');
    const designer = await open('designer');
    const buyer = await open('buyer');
    await phoneOf(designer, 'Wang Fang').waitFor();
    await expectCount(phoneOf(designer, 'Lin Jie'), 0, 'oneself');
    await phoneOf(designer, 'Wang Fang').click();
    await dialog(designer).getByText("Neither of you learns the other's number").waitFor();
    await dialog(designer).locator('[data-submit]').click();
    await dialog(designer).waitFor({ state: 'detached' });
    await phones.after(RINGS_CALLER);
    await bar(designer, 'ringing_caller').filter({ hasText: 'Your phone rings' }).waitFor();
    // One call at a time.
    await phoneOf(designer, 'Wang Fang').and(designer.page.locator(':disabled')).waitFor();
    await phones.after(RINGS_CALLEE);
    await bar(buyer, 'ringing_callee')
      .filter({ hasText: 'Call with Lin Jie' })
      .filter({ hasText: 'Your phone rings' })
      .waitFor();
    await row(buyer, 'Lin Jie called Wang Fang').filter({ hasText: 'rings' }).waitFor();
    await phones.after(IS_ANSWERED);
    await bar(buyer, 'connected').waitFor();
    await heard(buyer, 'Lin Jie called Wang Fang · connected').waitFor();
    await expectCount(bar(buyer).locator('button'), 0, 'who talks hangs up');
    const time = bar(designer).locator('[role=timer]');
    const before = await time.boundingBox();
    for (let counted = 0; counted < 3; counted++) await time.filter({ hasNotText: await time.innerText() }).waitFor();
    expect(await time.boundingBox(), 'nothing moves while it counts').to.deep.equal(before);

    const late = await open('operator');
    await bar(late, 'connected').filter({ hasText: 'Lin Jie calls Wang Fang' }).waitFor();
    // Whoever comes later goes by the service's clock; to who was there, the call is younger by as long as its quickest news took.
    const first = await shownBy(time);
    const shown = await shownBy(bar(late).locator('[role=timer]'));
    expect(shown).to.be.within(first - 1, (await shownBy(time)) + SHOWN_MS / 1000);
    await phones.after(TALK);
    for (const visitor of [designer, buyer, late]) await row(visitor, 'talked for 0:30').waitFor();
    await bar(designer).waitFor({ state: 'detached' });
    await expectCount(row(designer, 'Lin Jie called Wang Fang'), 1);
    await phoneOf(designer, 'Wang Fang').and(designer.page.locator(':enabled')).waitFor();
    for (const visitor of [designer, buyer, late]) expect(await visitor.everything()).to.not.match(/5550/);
  });

  it('tells both of a call that was missed, and calls back, on the number that is given for it alone', async () => {
    const { open } = await order(demo, 'Missed', '+86 10 5550 0131');
    const buyer = await open('buyer');
    const admin = await open('admin');
    await place(buyer, 'Zhao Min');
    await phones.after(RINGS_CALLER + RINGS_CALLEE + IS_NOT_ANSWERED);
    await row(admin, 'Zhao Min was busy').waitFor();
    await row(buyer, 'Zhao Min was busy').locator('[data-act=call-back]').waitFor();
    await row(admin, 'Zhao Min was busy').locator('[data-act=call-back]').click();
    await dialog(admin).locator('h2', { hasText: 'Call Wang Fang' }).waitFor();
    const number = dialog(admin).locator('[name=fromNumber]');
    expect(await number.getAttribute('autocomplete')).to.equal('off');
    await number.fill('12');
    await dialog(admin).locator('[data-submit]').click();
    await dialog(admin).locator('.fault', { hasText: 'must be a phone number' }).waitFor();
    await number.fill(OWN_NUMBER);
    await dialog(admin).locator('[data-submit]').click();
    await dialog(admin).waitFor({ state: 'detached' });
    await bar(admin).locator('[data-act=cancel]').click();
    await row(buyer, 'ended by Zhao Min').waitFor();
    await bar(admin).waitFor({ state: 'detached' });
    await phoneOf(admin, 'Wang Fang').click();
    expect(await number.inputValue()).to.equal('');
    await admin.page.keyboard.press('Escape');
    await dialog(admin).waitFor({ state: 'detached' });
    expect(await admin.everything()).to.not.match(/555 ?0147/);
    const kept = await admin.page.evaluate(() =>
      JSON.stringify([localStorage, sessionStorage].map((area) => Object.entries(area))),
    );
    expect(kept).to.not.match(/555 ?0147/);
  });

  it('asks for the number of a caller who has none, and says whose is not known', async () => {
    const { roomId, open } = await order(demo, 'Numberless');
    const designer = await open('designer');
    await phoneOf(designer, 'Wang Fang').click();
    await dialog(designer).locator('[data-submit]').click();
    await dialog(designer).locator('[role=alert]', { hasText: 'No phone number of Wang Fang is known' }).waitFor();
    await designer.page.keyboard.press('Escape');
    const buyer = await open('buyer');
    await phoneOf(buyer, 'Lin Jie').click();
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[role=alert]', { hasText: 'No phone number of yours is known' }).waitFor();
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[data-field=fromNumber] .fault', { hasText: 'required' }).waitFor();
    await dialog(buyer).locator('[name=fromNumber]').fill(OWN_NUMBER);
    // Somebody is faster: the other one calls from another device.
    const { call } = (await demo.call('buyer', 'call.place', {
      roomId,
      to: 'demo-lin-jie',
      fromNumber: OWN_NUMBER,
    })) as { call: Call };
    await bar(buyer).waitFor();
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[role=alert]', { hasText: 'There is a call between you two already' }).waitFor();
    // Two people have one call at a time, whatever the room.
    await demo.call('buyer', 'call.cancel', { roomId, callId: call.id });
  });

  it('is not placed without a connection, and says so', async () => {
    const { open } = await order(demo, 'Offline', '+86 10 5550 0131');
    const designer = await open('designer');
    await phoneOf(designer, 'Wang Fang').click();
    await designer.context.setOffline(true);
    await designer.page.locator('delivery-room-connection .banner').waitFor();
    await dialog(designer).locator('[data-submit]').click();
    await dialog(designer).locator('[role=alert]', { hasText: 'nothing was sent' }).waitFor();
    await designer.context.setOffline(false);
    await designer.live.waitFor();
    await dialog(designer).locator('[data-submit]').click();
    await bar(designer).locator('[data-act=cancel]').click();
    await row(designer, 'ended by Lin Jie').waitFor();
  });

  it('belongs to the lane of a demand, and no competitor hears of it', async () => {
    const client = await demo.open('client');
    const cedar = await demo.open('cedar');
    const rival = await demo.open('ink');
    await expectCount(rival.page.locator('[data-act=call]'), 1, 'the buyer alone can be called');
    await place(cedar, '陈静怡');
    await phones.after(RINGS_CALLER + RINGS_CALLEE);
    await bar(client, 'ringing_callee').filter({ hasText: 'Call with 周启明' }).waitFor();
    await client.page.locator('[role=tab][data-stream="lane:demo-qingshan"]').click();
    await row(client, '周启明 called 陈静怡').waitFor();
    await client.page.locator('[role=tab][data-stream="lane:demo-yunfan"]').click();
    await client.message('我们有一套适合茶叶品牌的官网框架').waitFor();
    await bar(client).waitFor();
    await expectCount(row(client, '周启明'), 0, 'in the lane alone');
    await place(client, '何嘉宁');
    await phones.after(RINGS_CALLER + RINGS_CALLEE + IS_NOT_ANSWERED);
    await row(rival, 'the phone of 何嘉宁 could not be reached').waitFor();
    expect(await rival.everything()).to.not.match(/周启明|5550/);
  });

  it('is placed and ended by keyboard alone', async () => {
    const { open } = await order(demo, 'Keyboard', '+86 10 5550 0131');
    const designer = await open('designer');
    const { keyboard } = designer.page;
    await phoneOf(designer, 'Wang Fang').focus();
    await keyboard.press('Enter');
    await dialog(designer).waitFor();
    await keyboard.press('Escape');
    await dialog(designer).waitFor({ state: 'detached' });
    await keyboard.press('Enter');
    await dialog(designer).waitFor();
    // Nothing has to be filled in.
    await keyboard.press('Enter');
    // The bar may be there before the answer is: under an open dialog nothing can be focused.
    await dialog(designer).waitFor({ state: 'detached' });
    await bar(designer).locator('[data-act=cancel]').focus();
    await keyboard.press('Enter');
    await row(designer, 'ended by Lin Jie').waitFor();
  });

  it('stays when it is asked for again before the browser has told that it was closed', async () => {
    const { open } = await order(demo, 'Again', '+86 10 5550 0133');
    const designer = await open('designer');
    await phoneOf(designer, 'Wang Fang').click();
    const again = await phoneOf(designer, 'Wang Fang').elementHandle();
    await dialog(designer).evaluate(async (shown: HTMLDialogElement, button) => {
      const told = new Promise((resolve) => shown.addEventListener('close', resolve, { once: true }));
      shown.close();
      if (button instanceof HTMLElement) button.click();
      await told;
      await new Promise(requestAnimationFrame);
    }, again);
    await designer.page.keyboard.press('Enter');
    await bar(designer).locator('[data-act=cancel]').click();
    await row(designer, 'ended by Lin Jie').waitFor();
  });

  it('speaks Chinese, on a phone', async () => {
    const { open } = await order(demo, 'In Chinese', '+86 10 5550 0137');
    const designer = await open('designer', { ...PHONE, lang: 'zh-CN' });
    await designer.page.locator('.people-button').tap();
    await phoneOf(designer, 'Wang Fang').tap();
    await dialog(designer).getByText('双方都看不到对方的号码').waitFor();
    await dialog(designer).locator('[data-submit]', { hasText: '呼叫' }).tap();
    await dialog(designer).waitFor({ state: 'detached' });
    await phones.after(RINGS_CALLER + RINGS_CALLEE);
    await bar(designer, 'ringing_callee').filter({ hasText: 'Wang Fang 的电话正在响铃' }).waitFor();
    const overflow = await designer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).to.be.at.most(0);
    await phones.after(IS_NOT_ANSWERED);
    await row(designer, 'Wang Fang 忙线').locator('[data-act=call-back]', { hasText: '回拨' }).waitFor();
  });

  it('shows a caller who is to ring the carrier where, to be pressed on a phone', async () => {
    const designer = await demo.open('designer');
    await designer.page.locator('delivery-room-calls').evaluate((shown) => {
      // The simulator gives no number: the bar is shown a call of a carrier that does.
      const made = shown.cloneNode() as HTMLElement & Record<string, unknown>;
      const { words, me } = shown as HTMLElement & Record<string, unknown>;
      const from = { userId: 'demo-lin-jie', name: 'Lin Jie', side: 'provider' };
      const to = { userId: 'demo-wang-fang', name: 'Wang Fang', side: 'buyer' };
      const dial = { number: '+12025550100', until: new Date().toISOString() };
      const at = dial.until;
      const call = {
        id: 'c',
        roomId: 'r',
        stream: 'public',
        state: 'requested',
        from,
        to,
        at,
        dial,
        actions: ['cancel'],
      };
      Object.assign(made, { words, me, calls: [call] });
      shown.after(made);
    });
    const shown = bar(designer, 'requested');
    await shown.filter({ hasText: 'Ring this number from your own phone' }).waitFor();
    expect(await shown.locator('a').getAttribute('href')).to.equal('tel:+12025550100');
    expect(await shown.innerText()).to.match(/until \d\d:\d\d/);
  });
});

describe('the page: calls that somebody has to agree to', function () {
  this.timeout(PAGE_TEST_MS);
  const phones = new HeldPhones();
  const rules = { CALL_APPROVAL: 'callee', CALL_DAILY_LIMIT: '2', CALL_FROM_NUMBER: 'own' };
  const demo = demonstration(rules, phones.serve);

  it('are agreed to or declined by who is called, and refused beyond the limit of a day', async () => {
    await demo.toNoon();
    const { open } = await order(demo, 'Agreed', '+86 10 5550 0131');
    const designer = await open('designer');
    const buyer = await open('buyer');
    await place(designer, 'Wang Fang');
    await bar(designer, 'requested').filter({ hasText: 'Waits until Wang Fang agrees' }).waitFor();
    await heard(buyer, 'Lin Jie called Wang Fang · waits to be agreed to').waitFor();
    await bar(buyer)
      .filter({ hasText: 'Lin Jie asks you for a call' })
      .locator('[data-act=cancel]', { hasText: 'Decline' })
      .click();
    await row(designer, 'declined').locator('[data-act=call-back]').waitFor();
    await place(designer, 'Wang Fang');
    await bar(buyer).locator('[data-act=approve]').click();
    // It was answered, and so the bridge has the call.
    await bar(buyer).locator('[data-act=cancel]:enabled', { hasText: 'End the call' }).waitFor();
    await phones.after(RINGS_CALLER);
    await bar(designer, 'ringing_caller').waitFor();
    await bar(buyer).locator('[data-act=cancel]', { hasText: 'End the call' }).click();
    await row(designer, 'ended by Wang Fang').waitFor();
    await phoneOf(designer, 'Wang Fang').click();
    await dialog(designer).locator('[data-submit]').click();
    await dialog(designer).locator('[role=alert]', { hasText: 'as many calls today as one person may' }).waitFor();
    await demo.call('operator', 'clock.advance', { ms: 86_400_000 });
    await dialog(designer).locator('[data-submit]').click();
    await bar(designer, 'requested').waitFor();
    await demo.call('operator', 'clock.advance', { ms: 6 * 60_000 });
    await row(designer, 'nobody agreed to it in time').waitFor();
  });

  it('are refused in words where callers are rung at kept numbers only, and a number is named', async () => {
    const { open } = await order(demo, 'Kept numbers', '+86 10 5550 0131');
    const designer = await open('designer');
    await phoneOf(designer, 'Wang Fang').click();
    const number = dialog(designer).locator('[name=fromNumber]');
    await number.fill(OWN_NUMBER);
    await dialog(designer).locator('[data-submit]').click();
    await dialog(designer).locator('.fault', { hasText: 'Leave this empty' }).waitFor();
    await number.fill('');
    await dialog(designer).locator('[data-submit]').click();
    await bar(designer, 'requested').locator('[data-act=cancel]').click();
    await row(designer, 'ended by Lin Jie').waitFor();
  });
});
