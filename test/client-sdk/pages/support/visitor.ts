import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** How long a test waits for what a page is to show: a machine that does much else beside gets it late, and then too it is right. */
export const SHOWN_MS = 30_000;

/** A text, as the page must not need anything of the test's compiler. */
const EVERYTHING = `(() => {
  const deep = (root) => [...root.querySelectorAll('*')]
    .map((one) => [one.textContent, ...[...one.attributes].map(({ value }) => value), one.shadowRoot ? deep(one.shadowRoot) : ''].join(' '))
    .join(' ');
  return deep(document.querySelector('portal-page').shadowRoot);
})()`;

/** Somebody who has the demonstration's page open in a browser of their own. Playwright looks into shadow roots by itself. */
export class Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page must not do: break its policy, or throw. */
  readonly faults: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(`threw: ${error.message}`));
    page.on('console', (message) => {
      if (/Content.Security.Policy|Trusted/i.test(message.text())) this.faults.push(message.text());
    });
  }

  static async of(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(SHOWN_MS);
    const visitor = new Visitor(context, page);
    // Told by the browser itself, whatever the console's words are in this version.
    await page.exposeFunction('tellViolation', (what: string) => visitor.faults.push(what));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        const tell: unknown = Reflect.get(window, 'tellViolation');
        if (typeof tell === 'function') tell(`${violatedDirective} ${blockedURI}`);
      });
    });
    return visitor;
  }

  /** Opens the demonstration's room as somebody and waits until it is live. */
  async visit(url: string, as: string, lang: string): Promise<void> {
    await this.page.goto(`${url}/demo/room?as=${as}&lang=${lang}`);
    await this.live.waitFor();
  }

  get live(): Locator {
    return this.page.locator('.live[data-live]');
  }

  get composer(): Locator {
    return this.page.locator('delivery-room-composer textarea');
  }

  tab(stream: string): Locator {
    return this.page.locator(`[role=tab][data-stream=${stream}]`);
  }

  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.locator('.text', { hasText: text }) });
  }

  /** The wordings of the stream that is shown, in order. */
  async texts(): Promise<string[]> {
    return this.page.locator('.message .text').allInnerTexts();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await this.message(text).waitFor();
  }

  /** Waits until an own message is marked as stored. */
  async stored(text: string): Promise<void> {
    await this.message(text).locator('.mark[data-state=sent]').waitFor();
  }

  /** Hovers over a message and presses one of its buttons. */
  async act(text: string, action: 'reply' | 'edit' | 'recall'): Promise<void> {
    await this.message(text).hover();
    await this.message(text).locator(`[data-action=${action}]`).click();
  }

  /** All that stands in the page, also what is not shown. */
  async everything(): Promise<string> {
    return this.page.evaluate(EVERYTHING);
  }

  person(name: string): Locator {
    return this.page.locator('.people li', { hasText: name });
  }

  expectNoFaults(): void {
    expect(this.faults).to.deep.equal([]);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

export type VisitorOptions = BrowserContextOptions & { lang?: 'en' | 'zh-CN' };
