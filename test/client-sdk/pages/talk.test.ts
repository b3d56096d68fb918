import { expect } from 'chai';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';
import type { Visitor } from './support/visitor.ts';

describe('the page: parties who talk', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();

  it('lets buyer, designer and operator talk, see each other present and typing, and read receipts', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    const operator = await demo.open('operator');

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
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    await buyer.page.locator('.people li[data-online]', { hasText: 'Lin Jie' }).waitFor();
    await designer.page.goto('about:blank');
    await buyer.page.locator('.people li:not([data-online])', { hasText: 'Lin Jie' }).waitFor();
  });

  it('keeps notes from the buyer: no tab, no text, no count', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    const operator = await demo.open('operator');
    await expectCount(buyer.page.locator('[role=tab]'), 0);

    await designer.tab('provider').click();
    await designer.say('A note that the buyer never sees');
    await designer.stored('A note that the buyer never sees');
    await operator.tab('provider').locator('.badge').waitFor();
    await operator.tab('provider').click();
    await operator.message('A note that the buyer never sees').waitFor();
    await operator.tab('operator').click();
    await operator.say('A remark for operators');
    await expectCount(designer.tab('operator'), 0);

    // Something that does reach the buyer: what was sent before it would have come before it.
    await designer.tab('public').click();
    await designer.say('Something for everyone');
    await buyer.message('Something for everyone').waitFor();
    expect(await buyer.everything())
      .to.include('Something for everyone')
      .and.not.match(/never sees|remark/);
  });

  it('lets the vendor read notes and write nowhere', async () => {
    const vendor = await demo.open('vendor');
    await vendor.page.locator('.read-only').waitFor();
    await vendor.tab('provider').click();
    await vendor.message('Logo comes Friday').waitFor();
    await expectCount(vendor.composer, 0);
    await expectCount(vendor.page.locator('[data-action]'), 0);
  });

  it('edits, recalls and answers own messages', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    await buyer.say('First wording');
    await designer.message('First wording').waitFor();
    await buyer.stored('First wording');

    await buyer.act('First wording', 'edit');
    expect(await buyer.composer.inputValue()).to.equal('First wording');
    await buyer.composer.fill('Second wording');
    await buyer.composer.press('Enter');
    await designer.message('Second wording').locator('.mark', { hasText: 'edited' }).waitFor();
    await expectCount(designer.message('First wording'), 0);

    await designer.act('Second wording', 'reply');
    await designer.say('An answer to it');
    await buyer.message('An answer to it').locator('.quote', { hasText: 'Second wording' }).waitFor();

    await buyer.act('Second wording', 'recall');
    await designer.page.locator('.bubble.gone', { hasText: 'Wang Fang recalled a message' }).waitFor();
    expect(await designer.everything())
      .to.include('recalled a message')
      .and.not.include('Second wording');
  });

  it('takes the room away from somebody who is removed while looking at it', async () => {
    const designer = await demo.open('designer');
    const { items } = (await demo.call('operator', 'room.list', {})) as { items: { id: string; title: string }[] };
    const roomId = items.find(({ title }) => title.includes('Brand site'))?.id;
    await demo.call('admin', 'member.remove', { roomId, userId: 'demo-lin-jie' });
    await designer.page.locator('.no-room', { hasText: 'You no longer have access to this room.' }).waitFor();
    await expectCount(designer.page.locator('.message'), 0);
    await designer.page
      .locator('delivery-room-list button.room', { hasText: 'Brand site' })
      .waitFor({ state: 'detached' });

    await demo.call('admin', 'member.add', { roomId, userId: 'demo-lin-jie', name: 'Lin Jie' });
    await designer.page.reload();
    await designer.live.waitFor();
    await designer.page.locator('.event', { hasText: 'Zhao Min removed Lin Jie' }).waitFor();
  });

  it('tells of other rooms in the list, and marks them as read when they are opened', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
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
