import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { WINDOW_MAX, WINDOW_START } from '../../../client-sdk/element/timeline-window.ts';
import { until } from '../../support/client.ts';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount, expectTexts } from './support/expect-shown.ts';
import { SHOWN_MS } from './support/visitor.ts';

describe('the page: those who use it', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();

  it('tells a screen reader what comes in, and not the history', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    const log = buyer.page.getByRole('log');
    await buyer.page.locator('.message').last().waitFor();
    await expectTexts(log, ['']);
    await designer.say('To be heard');
    await log.filter({ hasText: 'Lin Jie: To be heard' }).waitFor({ state: 'attached' });
  });

  it('sends nothing for an Enter that belongs to the input method', async () => {
    const buyer = await demo.open('buyer');
    await buyer.composer.focus();
    await buyer.page.locator('.message').last().waitFor();
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
    await buyer.stored('你好');
    await expectCount(buyer.message('你好'), 1);
  });

  it('can be used by keyboard alone', async () => {
    const operator = await demo.open('operator');
    const { keyboard } = operator.page;
    await operator.tab('public').focus();
    await keyboard.press('ArrowRight');
    await operator.page.locator('[role=tab][data-stream=provider][aria-selected=true]').waitFor();
    await keyboard.press('ArrowLeft');
    await operator.page.locator('[role=tab][data-stream=public][aria-selected=true]').waitFor();
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
    const designer = await demo.open('designer', {
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
    const { items } = (await demo.call('designer', 'room.list', {})) as { items: { id: string; title: string }[] };
    const roomId = items.find(({ title }) => title.includes('Landing page'))?.id;
    for (let line = 1; line <= 300; line++) {
      await demo.call('designer', 'message.send', {
        roomId,
        clientId: randomUUID(),
        text: `Line ${line} of a long story`,
      });
    }
    const vendor = await demo.open('vendor');
    await vendor.page.locator('delivery-room-list button.room', { hasText: 'Landing page' }).click();
    const scroller = vendor.page.locator('delivery-room-timeline .scroller');
    const rows = vendor.page.locator('delivery-room-timeline .message');
    // It opens at the first unread entry of what it holds; from there to the end.
    await vendor.page.locator('.to-end').click();
    await vendor.message('Line 300 of').waitFor();
    await rows.nth(WINDOW_START).waitFor({ state: 'detached' });

    const top = (text: string) => vendor.message(text).evaluate((row) => Math.round(row.getBoundingClientRect().top));
    for (let reach = 250; reach >= 50; reach -= 50) {
      const sought = vendor.message(`Line ${reach} of`);
      await until(
        `line ${reach} is drawn`,
        async () => {
          if (await sought.isVisible()) return true;
          await scroller.hover();
          await vendor.page.mouse.wheel(0, -600);
          await vendor.page.evaluate(() => new Promise(requestAnimationFrame));
          return false;
        },
        SHOWN_MS,
      );
      expect(await rows.count()).to.be.at.most(WINDOW_MAX);
    }
    // What comes in at the end, and what is drawn above, moves nothing before the reader's eyes. The last turn of the wheel is over by then.
    await vendor.message('Line 50 of').hover();
    let before = Number.NaN;
    await until(
      'what is drawn stands still',
      async () => {
        const last = before;
        before = await top('Line 50 of');
        await vendor.page.waitForTimeout(200);
        return before === last;
      },
      SHOWN_MS,
    );
    await demo.call('designer', 'message.send', { roomId, clientId: randomUUID(), text: 'Line 301 of a long story' });
    await vendor.page.locator('.to-end', { hasText: '1 new message' }).waitFor();
    await until('it is where it was', async () => (await top('Line 50 of')) === before, SHOWN_MS);
    await vendor.page.locator('.to-end').click();
    await vendor.message('Line 301 of').waitFor();
    await rows.nth(WINDOW_START).waitFor({ state: 'detached' });
  });
});
