import { expect } from 'chai';
import { demonstration, PAGE_TEST_MS } from './support/demonstration.ts';
import { expectCount } from './support/expect-shown.ts';

describe('the page: networks and servers that fail', function () {
  this.timeout(PAGE_TEST_MS);
  const demo = demonstration();

  it('misses nothing over an outage of the network, and sends what was written meanwhile, in order', async () => {
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
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
    for (const text of ['Written offline 1', 'Written offline 2']) await buyer.stored(text);
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
    const buyer = await demo.open('buyer');
    const designer = await demo.open('designer');
    await buyer.say('Before the kill');
    await buyer.stored('Before the kill');
    const { port } = demo;
    await demo.kill();
    await buyer.page.locator('.banner').waitFor();
    await buyer.say('Written to a dead server');
    await designer.say('So was this');
    await demo.start(port);
    for (const visitor of [buyer, designer]) {
      await visitor.live.waitFor({ timeout: 60_000 });
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
    const buyer = await demo.open('buyer');
    await buyer.context.setOffline(true);
    await buyer.page.locator('.banner').waitFor();
    await buyer.say('Written before the reload');
    await buyer.message('Written before the reload').locator('.mark[data-state=pending]').waitFor();
    await buyer.page.close();
    await buyer.context.setOffline(false);
    const again = await buyer.context.newPage();
    await again.goto(`${demo.url}/demo/room?as=buyer&lang=en`);
    const bubble = again.locator('.message', { hasText: 'Written before the reload' });
    await bubble.locator('.mark[data-state=sent]').waitFor();
    await expectCount(bubble, 1);
  });

  it('marks a message that is refused with the reason, and lets its author try again or give up', async () => {
    const visitor = await demo.visitor();
    let refusing = true;
    await visitor.page.routeWebSocket(/socket\.io/, (page) => {
      const server = page.connectToServer();
      page.onMessage((packet) => {
        const ack = refusing ? /^42(\d+)\["message\.send"/.exec(packet.toString())?.[1] : undefined;
        if (ack === undefined) server.send(packet);
        else page.send(`43${ack}[{"ok":false,"error":{"code":"forbidden","message":"Not you."}}]`);
      });
    });
    await visitor.page.goto(`${demo.url}/demo/room?as=buyer&lang=en`);
    await visitor.live.waitFor();
    await visitor.say('Refused and tried again');
    await visitor.say('Refused and given up');
    const mark = visitor.message('Refused and tried again').locator('.mark[data-state=failed]');
    await mark.filter({ hasText: 'not sent: You may not do this.' }).waitFor();
    await visitor.message('Refused and given up').getByRole('button', { name: 'Discard' }).click();
    await visitor.message('Refused and given up').waitFor({ state: 'detached' });
    refusing = false;
    await mark.getByRole('button', { name: 'Try again' }).click();
    await visitor.stored('Refused and tried again');
    await expectCount(visitor.message('Refused and tried again'), 1);
  });
});
