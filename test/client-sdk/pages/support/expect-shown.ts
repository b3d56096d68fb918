import { expect } from 'chai';
import type { Locator } from 'playwright-core';

/**
 * Waits until a locator finds exactly so many elements; in the end it fails with how many there are. Of none it is true at once
 * where nothing has come yet: wait first for something that cannot be there before they would be.
 */
export async function expectCount(locator: Locator, count: number, what = String(locator)): Promise<void> {
  await inTime(
    async () => {
      if (count > 0) await locator.nth(count - 1).waitFor({ state: 'attached' });
      await locator.nth(count).waitFor({ state: 'detached' });
    },
    async () => expect(await locator.count(), what).to.equal(count),
  );
}

/** Waits until a locator finds elements with exactly these texts, in this order, whatever white space is in them. */
export async function expectTexts(locator: Locator, texts: readonly string[]): Promise<void> {
  await expectCount(locator, texts.length);
  const seen = async (): Promise<string[]> => (await locator.allTextContents()).map(normal);
  await inTime(
    async () => {
      for (const [index, text] of texts.entries())
        await locator
          .nth(index)
          .filter({ hasText: wholly(text) })
          .waitFor({ state: 'attached' });
    },
    async () => expect(await seen(), String(locator)).to.deep.equal(texts.map(normal)),
  );
}

/** What did not come in time is looked at once more: the difference says more than a timeout. */
async function inTime(wait: () => Promise<void>, look: () => Promise<unknown>): Promise<void> {
  try {
    await wait();
  } catch {
    await look();
  }
}

const normal = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const wholly = (text: string): RegExp =>
  new RegExp(
    `^\\s*${normal(text)
      .replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
      .replaceAll(' ', '\\s+')}\\s*$`,
  );
