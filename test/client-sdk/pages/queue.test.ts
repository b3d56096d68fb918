import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount, expectTexts } from './support/expect-shown.ts';
import type { Visitor } from './support/visitor.ts';

const VENDOR = 'demo-cloudline';
const PROVIDER = 'demo-blue-kite';
/** The smallest picture that is one. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const DEMAND = {
  contactName: 'Wang Fang',
  phone: '+86 592 5550 0100',
  email: 'wang@harbour.example',
  address: '1 Harbour Road',
  details: 'A poster.',
};

const dialog = ({ page }: Visitor): Locator => page.locator('delivery-room-act dialog[open]');
const queued = ({ page }: Visitor, orderId: string): Locator =>
  page.locator('delivery-room-queue li', { hasText: orderId });
const told = ({ page }: Visitor, text: string): Locator => page.locator('.event', { hasText: text });

async function send(visitor: Visitor): Promise<void> {
  await dialog(visitor).locator('[data-submit]').click();
  await dialog(visitor).waitFor({ state: 'detached' });
}

describe('the page: queues and files', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();

  const product = (productId: string, templateId: string, maxLoad: number) =>
    demo.call('operator', 'product.put', {
      productId,
      name: `Product ${productId}`,
      vendorOrg: VENDOR,
      templateId,
      providers: [{ org: PROVIDER, maxLoad }],
    });
  const staff = (accepting: boolean) =>
    demo.call('operator', 'staff.put', {
      userId: 'demo-he-na',
      org: PROVIDER,
      name: 'He Na',
      roles: ['delivery_specialist'],
      maxLoad: 5,
      accepting,
    });
  const order = (orderId: string, productId: string) =>
    demo.call('operator', 'project.create', {
      orderId,
      productId,
      spec: orderId,
      buyer: { id: 'demo-wang-fang', org: 'demo-harbour-tea', name: 'Wang Fang' },
    }) as Promise<{ projectId: string }>;

  it('shows a vendor what waits for a provider and why, live, and no queue to a buyer or to staff', async () => {
    await product('full', 'basic', 0);
    const vendor = await demo.open('vendor');
    await vendor.page.locator('delivery-room-queue .empty', { hasText: 'Nothing waits' }).waitFor();
    await order('QUEUE-1', 'full');
    await order('QUEUE-2', 'full');
    await queued(vendor, 'QUEUE-1').filter({ hasText: 'all providers are full' }).waitFor();
    await expectTexts(vendor.page.locator('delivery-room-queue li strong'), ['QUEUE-1', 'QUEUE-2']);
    await queued(vendor, 'QUEUE-1').locator('[data-act=dispatch]').click();
    await dialog(vendor).locator('.choice[data-not=full]', { hasText: 'Blue Kite Studio' }).waitFor();
    await expectCount(dialog(vendor).locator('input[type=radio]:enabled'), 0);
    await vendor.page.keyboard.press('Escape');

    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    for (const { page } of [buyer, designer]) {
      // A queue would be asked for when the rooms are.
      await page.locator('delivery-room-list button.room').first().waitFor();
      await expectCount(page.locator('delivery-room-queue h2'), 0);
    }

    await product('full', 'basic', 10);
    await vendor.page.locator('delivery-room-queue .empty', { hasText: 'Nothing waits' }).waitFor();
  });

  it("tells a provider's admin whom a project waits for, and a step that it needs a file", async () => {
    await product('simple', 'simplest', 10);
    await staff(false);
    const { projectId } = await order('STAFF-1', 'simple');
    const admin = await demo.open('admin');
    await demo.call('buyer', 'node.act', { projectId, nodeId: 'demand', visit: 1, action: 'submit', form: DEMAND });
    await queued(admin, 'STAFF-1').locator('[data-act=dispatch]').click();
    await dialog(admin).locator('[data-submit]').click();
    await dialog(admin).locator('[data-field=userId] .fault').waitFor();
    await dialog(admin).locator('.choice[data-not=notAccepting]', { hasText: 'He Na' }).waitFor();
    await admin.page.keyboard.press('Escape');
    await staff(true);
    await queued(admin, 'STAFF-1').waitFor({ state: 'detached' });

    const operator = await demo.open('operator');
    await operator.page.locator('delivery-room-list button.room', { hasText: 'STAFF-1' }).click();
    await told(operator, 'The order was dispatched to He Na (delivery specialist)').waitFor();
    await operator.page.locator('delivery-room-step [data-act=finish]').click();
    await dialog(operator).locator('[data-submit]').click();
    await dialog(operator).locator('[data-field=files] .fault', { hasText: 'needs a file' }).waitFor();
    await dialog(operator)
      .locator('input[type=file]')
      .setInputFiles({ name: '海报.png', mimeType: 'image/png', buffer: PNG });
    await dialog(operator).locator('.tray li[data-state=there]').waitFor();
    await send(operator);

    const buyer = await demo.open('buyer');
    await buyer.page.locator('delivery-room-list button.room', { hasText: 'STAFF-1' }).click();
    const event = told(buyer, 'Qiu Yan added 1 file to Submit Deliverable for the provider');
    const downloading = buyer.page.waitForEvent('download');
    await event.locator('button.file', { hasText: '海报.png' }).click();
    expect((await downloading).suggestedFilename()).to.equal('海报.png');
  });

  it('lets an admin give an unclaimed order to somebody of its role, and an operator hand it on', async () => {
    for (const [userId, name] of [
      ['demo-tan-yu', 'Tan Yu'],
      ['demo-gao-li', 'Gao Li'],
    ]) {
      await demo.call('operator', 'staff.put', {
        userId,
        org: PROVIDER,
        name,
        roles: ['account_manager', 'delivery_specialist'],
        maxLoad: 9,
        dept: 'Design',
      });
    }
    await product('bespoke', 'bespoke', 10);
    const { projectId } = await order('CLAIM-1', 'bespoke');
    await demo.call('buyer', 'node.act', { projectId, nodeId: 'demand', visit: 1, action: 'submit', form: DEMAND });
    const admin = await demo.open('admin');
    await admin.page.locator('delivery-room-list button.room', { hasText: 'CLAIM-1' }).click();
    await admin.page.locator('.manage [data-act=dispatch]').click();
    await dialog(admin).locator('.choice', { hasText: 'Tan Yu' }).click();
    await send(admin);
    await told(admin, 'Zhao Min gave the order to Tan Yu (account manager)').waitFor();

    const operator = await demo.open('operator');
    await operator.page.locator('delivery-room-list button.room', { hasText: 'CLAIM-1' }).click();
    await operator.page.locator('.manage [data-act=changeOperator]').click();
    await dialog(operator).locator('select').selectOption({ label: 'delivery specialist' });
    const choices = dialog(operator).locator('.choice:not([data-not])');
    await choices.first().waitFor();
    await choices.first().click();
    await dialog(operator).locator('[name=remark]').fill('On another project');
    await send(operator);
    await told(admin, 'Qiu Yan changed the operator (delivery specialist)')
      .filter({ hasText: 'On another project' })
      .waitFor();
  });

  it('sends files with a message, and a file of a wrong kind says so', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    const input = buyer.page.locator('delivery-room-composer input[type=file]');
    await input.setInputFiles([
      { name: 'mood.png', mimeType: 'image/png', buffer: PNG },
      { name: 'odd.png', mimeType: 'image/png', buffer: Buffer.from('MZ not a picture at all') },
    ]);
    const tray = buyer.page.locator('delivery-room-composer .tray li');
    await tray.filter({ hasText: 'mood.png' }).and(buyer.page.locator('[data-state=there]')).waitFor();
    await tray.filter({ hasText: 'not accepted' }).getByRole('button', { name: 'Remove odd.png' }).click();
    await buyer.composer.fill('The mood that I like');
    await buyer.composer.press('Enter');
    await buyer.stored('The mood that I like');
    await expectCount(tray, 0);
    const downloading = designer.page.waitForEvent('download');
    await designer.message('The mood that I like').locator('button.file', { hasText: 'mood.png' }).click();
    expect((await downloading).suggestedFilename()).to.equal('mood.png');
  });
});
