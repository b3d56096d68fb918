import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import type { Project } from '../../../shared/contract/projects.ts';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';
import type { Visitor, VisitorOptions } from './support/visitor.ts';

const DEMAND = {
  contactName: 'Wang Fang',
  phone: '+86 592 5550 0100',
  email: 'wang@harbour.example',
  address: '1 Harbour Road, Xiamen',
  details: 'A calm site with big photos.',
};

const step = ({ page }: Visitor, name: string): Locator => page.locator('delivery-room-step strong', { hasText: name });
const button = ({ page }: Visitor, act: string): Locator => page.locator(`delivery-room-step [data-act=${act}]`);
const dialog = ({ page }: Visitor): Locator => page.locator('delivery-room-act dialog[open]');
const told = ({ page }: Visitor, text: string): Locator => page.locator('.event', { hasText: text });

async function fill(visitor: Visitor, values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await dialog(visitor).locator(`[name=${name}]`).fill(value);
}

async function send(visitor: Visitor): Promise<void> {
  await dialog(visitor).locator('[data-submit]').click();
  await dialog(visitor).waitFor({ state: 'detached' });
}

describe('the page: a delivery', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();
  let orders = 0;

  /** A new order of the demonstration's buyer, and what opens its room. */
  async function order(
    productId = 'demo-website-design',
  ): Promise<{ id: string; open(as: string, options?: VisitorOptions): Promise<Visitor> }> {
    const spec = `Flow ${++orders}`;
    const { projectId } = (await demo.call('operator', 'project.create', {
      orderId: `FLOW-${orders}`,
      productId,
      spec,
      buyer: { id: 'demo-wang-fang', org: 'demo-harbour-tea', name: 'Wang Fang' },
    })) as { projectId: string };
    return {
      id: projectId,
      async open(as, options) {
        const visitor = await demo.open(as, options);
        if (options?.isMobile === true) await visitor.page.locator('.back').click();
        await visitor.page.locator('delivery-room-list button.room', { hasText: spec }).click();
        await visitor.page.locator('h1', { hasText: spec }).waitFor();
        await visitor.live.waitFor();
        return visitor;
      },
    };
  }

  const act = async (as: string, projectId: string, action: string, more: object = {}): Promise<void> => {
    const { project } = (await demo.call(as, 'project.get', { projectId })) as { project: Project };
    const node = project.nodes.find(({ id }) => id === project.current);
    await demo.call(as, 'node.act', { projectId, nodeId: node?.id, visit: node?.visit, action, ...more });
  };

  it('goes from the demand, with its errors, over a rejection with its reason to a confirmation', async () => {
    const { open } = await order();
    const buyer = await open('buyer');
    const admin = await open('admin');
    await step(buyer, 'Submit Demand').waitFor();
    await buyer.page.locator('delivery-room-step .turn', { hasText: 'your turn' }).waitFor();
    await step(admin, 'Submit Demand').waitFor();
    await expectCount(button(admin, 'submit'), 0, "the provider's button");

    await button(buyer, 'submit').click();
    await dialog(buyer).locator('[data-submit]').click();
    const faulty = dialog(buyer).locator('[data-fault]');
    await faulty.first().waitFor();
    expect(await faulty.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-field')))).to.deep.equal(
      Object.keys(DEMAND),
    );
    expect(await buyer.page.evaluate(() => document.activeElement?.localName)).to.equal('portal-page');
    await fill(buyer, { ...DEMAND, email: 'nowhere' });
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[data-field=email] .fault', { hasText: 'must be a mail address' }).waitFor();
    await expectCount(faulty, 1);
    await fill(buyer, { email: DEMAND.email });
    await send(buyer);

    await told(admin, 'Wang Fang submitted Submit Demand').waitFor();
    await admin.page.locator('.steps [data-act=view]').click();
    const shown = admin.page.locator('delivery-room-demand dialog[open]');
    await shown.locator('[data-field=details]', { hasText: DEMAND.details }).waitFor();
    await admin.page.keyboard.press('Escape');
    await shown.waitFor({ state: 'detached' });
    await step(admin, 'Functional Design').waitFor();
    await button(admin, 'finish').click();
    await send(admin);
    await button(buyer, 'reject').click();
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[data-field=reason] .fault', { hasText: 'required' }).waitFor();
    await fill(buyer, { reason: 'The seasonal list is missing.' });
    await send(buyer);
    await told(admin, 'Wang Fang rejected Confirm Functional Design: The seasonal list is missing.').waitFor();
    await step(admin, 'Functional Design').waitFor();
    await button(admin, 'finish').click();
    await send(admin);
    await button(buyer, 'confirm').click();
    await send(buyer);
    await step(buyer, 'User Experience Design').waitFor();
    await buyer.page
      .locator('.steps [data-node=confirm-design][data-status=done]', { hasText: 'entered 2 times' })
      .waitFor();
    await expectCount(buyer.page.locator('delivery-room-step .buttons'), 0);
  });

  it('says in words who was faster, and keeps what was written until the dialog is closed', async () => {
    const { id, open } = await order();
    const buyer = await open('buyer');
    await button(buyer, 'submit').click();
    await fill(buyer, { contactName: 'Somebody' });
    await act('operator', id, 'submit', { form: DEMAND });
    await dialog(buyer).locator('[role=alert]', { hasText: 'Functional Design' }).waitFor();
    expect(await dialog(buyer).locator('[name=contactName]').inputValue()).to.equal('Somebody');
    await dialog(buyer).locator('[data-submit]:disabled').waitFor();
    await buyer.page.keyboard.press('Escape');
    await dialog(buyer).waitFor({ state: 'detached' });
    await told(buyer, 'Qiu Yan submitted Submit Demand for the buyer').waitFor();
  });

  it('names an operator of the platform who acts for a side before and after', async () => {
    const { id, open } = await order();
    await act('buyer', id, 'submit', { form: DEMAND });
    const operator = await open('operator');
    await button(operator, 'finish').filter({ hasText: 'Finish (for the provider)' }).click();
    await dialog(operator).locator('.place', { hasText: 'you act for the provider' }).waitFor();
    await send(operator);
    await told(operator, 'Qiu Yan finished Functional Design for the provider').waitFor();
  });

  it('is paused and resumed by the buyer and closed by an operator, each with a word', async () => {
    const { open } = await order();
    const buyer = await open('buyer');
    const admin = await open('admin');
    await buyer.page.locator('.manage [data-act=pause]').click();
    await fill(buyer, { remark: 'Spring festival' });
    await send(buyer);
    await told(admin, 'Wang Fang paused the project: Spring festival').waitFor();
    for (const { page } of [admin, buyer]) await page.locator('delivery-room-step .left[data-paused]').waitFor();
    await expectCount(button(buyer, 'submit'), 0);
    await buyer.page.locator('.manage [data-act=resume]').click();
    await send(buyer);
    await button(buyer, 'submit').waitFor();
    const operator = await open('operator');
    await operator.page.locator('.manage [data-act=close]').click();
    await fill(operator, { reason: 'Ordered twice' });
    await send(operator);
    await told(buyer, 'Qiu Yan closed the flow: Ordered twice').waitFor();
    await buyer.page.locator('.read-only').waitFor();
  });

  it('is not acted on without a connection, and says so', async () => {
    const { open } = await order();
    const buyer = await open('buyer');
    await button(buyer, 'submit').click();
    await fill(buyer, DEMAND);
    await buyer.context.setOffline(true);
    await buyer.page.locator('delivery-room-connection .banner').waitFor();
    await dialog(buyer).locator('[data-submit]').click();
    await dialog(buyer).locator('[role=alert]', { hasText: 'nothing was sent' }).waitFor();
    await buyer.context.setOffline(false);
    await buyer.live.waitFor();
    await send(buyer);
    await step(buyer, 'Functional Design').waitFor();
  });

  it('is done by keyboard alone, and an Enter of the input method sends nothing', async () => {
    const { open } = await order();
    const buyer = await open('buyer');
    const { keyboard } = buyer.page;
    await button(buyer, 'submit').focus();
    await keyboard.press('Enter');
    await dialog(buyer).waitFor();
    const devtools = await buyer.context.newCDPSession(buyer.page);
    await devtools.send('Input.imeSetComposition', { text: '王芳', selectionStart: 2, selectionEnd: 2 });
    await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', windowsVirtualKeyCode: 229 });
    await devtools.send('Input.insertText', { text: '王芳' });
    await expectCount(dialog(buyer).locator('[data-fault]'), 0);
    expect(await dialog(buyer).locator('[name=contactName]').inputValue()).to.equal('王芳');
    for (const value of [DEMAND.phone, DEMAND.email, DEMAND.address]) {
      await keyboard.press('Tab');
      await keyboard.type(value);
    }
    await keyboard.press('Tab');
    await keyboard.type('Line one');
    await keyboard.press('Enter');
    await keyboard.type('Line two');
    await dialog(buyer).locator('[name=email]').press('Enter');
    await dialog(buyer).waitFor({ state: 'detached' });
    await step(buyer, 'Functional Design').waitFor();
  });

  it('speaks Chinese, on a phone', async () => {
    const { id, open } = await order();
    const buyer = await open('buyer', {
      lang: 'zh-CN',
      viewport: { width: 390, height: 800 },
      isMobile: true,
      hasTouch: true,
    });
    await step(buyer, '提交需求').waitFor();
    await button(buyer, 'submit').filter({ hasText: '提交需求' }).tap();
    await dialog(buyer).locator('[data-submit]').tap();
    await dialog(buyer).locator('[data-field=phone] .fault', { hasText: '此项必填' }).waitFor();
    await fill(buyer, DEMAND);
    await dialog(buyer).locator('[data-submit]').tap();
    await told(buyer, 'Wang Fang 提交了“提交需求”').waitFor();
    await act('admin', id, 'finish');
    await button(buyer, 'reject').filter({ hasText: '驳回' }).waitFor();
    const overflow = await buyer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).to.be.at.most(0);
  });

  it("counts down by the service's clock, and tells of a step whose time was over", async () => {
    await demo.call('operator', 'product.put', {
      productId: 'timed',
      name: 'Timed',
      vendorOrg: 'demo-cloudline',
      templateId: 'basic',
      providers: [{ org: 'demo-blue-kite', maxLoad: 10 }],
    });
    const { id, open } = await order('timed');
    await act('buyer', id, 'submit', { form: DEMAND });
    await act('admin', id, 'finish');
    const buyer = await open('buyer');
    const left = buyer.page.locator('delivery-room-step .left');
    await buyer.page.locator('delivery-room-step .why', { hasText: '14 working days from' }).waitFor();
    const days = Number(/^(\d+) d/.exec(await left.innerText())?.[1]);
    expect(days).to.be.within(13, 40);
    await demo.call('operator', 'clock.advance', { ms: 3 * 86_400_000 });
    await buyer.say('Three days later');
    await left
      .filter({ hasText: `${days - 3} d` })
      .or(left.filter({ hasText: `${days - 4} d` }))
      .waitFor();
    await buyer.page.reload();
    await demo.call('operator', 'clock.advance', { ms: 40 * 86_400_000 });
    const after = await open('buyer');
    await told(after, 'Confirm Delivery: its time was over, and the flow went on by itself').waitFor();
    await told(after, 'The project is completed').waitFor();
    await after.page.locator('.status[data-status=completed]').waitFor();
    await expectCount(after.page.locator('delivery-room-step'), 0);
  });
});
