import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { findChromium, launchChromium, sayWithoutBrowser } from '../../../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { type ServiceProcess, startServiceProcess } from '../../../support/service-process.ts';
import { buildPage } from './build-page.ts';
import { Visitor, type VisitorOptions } from './visitor.ts';

/** The demonstration in a process of its own, and a browser to look at it. */
export interface Demonstration {
  readonly url: string;
  readonly port: number;
  /** Somebody of the demonstration with the room open and live. */
  open(as: string, options?: VisitorOptions): Promise<Visitor>;
  /** A browser that has no page open yet. */
  visitor(): Promise<Visitor>;
  /** Calls a command as somebody of the demonstration would from another program. */
  call(as: string, name: string, input: unknown): Promise<unknown>;
  kill(): Promise<void>;
  start(port: number): Promise<void>;
}

/**
 * Sets the suite up that calls it: the page as it is now, a service over a database of its own, a browser. Without a browser
 * the suite does not run, and says so. After each test its visitors leave, and none of them may have broken the page's policy.
 */
export function demonstration(): Demonstration {
  let browser: Browser | undefined;
  let database: TestDatabase | undefined;
  let service: ServiceProcess | undefined;
  const visitors: Visitor[] = [];

  const running = (): ServiceProcess => service ?? expect.fail('the service does not run');
  const start = async (port: number) => {
    service = await startServiceProcess({ ...database?.env, DEMO: '1', PORT: String(port), LOG_LEVEL: 'info' });
  };
  const came = (visitor: Visitor): Visitor => {
    visitors.push(visitor);
    return visitor;
  };

  before(async function () {
    const chromium = findChromium();
    if (chromium === undefined) {
      sayWithoutBrowser('A suite of the page in a real browser');
      this.skip();
    }
    await buildPage();
    database = await createTestDatabase();
    await start(0);
    browser = await launchChromium(chromium);
  });

  after(async () => {
    await browser?.close();
    await service?.end('SIGTERM');
    await database?.drop();
  });

  afterEach(async () => {
    const leaving = visitors.splice(0);
    await Promise.all(leaving.map((visitor) => visitor.close()));
    for (const visitor of leaving) visitor.expectNoFaults();
  });

  const visitor = async (options?: VisitorOptions) =>
    came(await Visitor.of(browser ?? expect.fail('there is no browser'), options));
  return {
    get url() {
      return running().url;
    },
    get port() {
      return running().port;
    },
    visitor,
    async open(as, { lang = 'en', ...options } = {}) {
      const one = await visitor(options);
      await one.visit(running().url, as, lang);
      return one;
    },
    async call(as, name, input) {
      const { url } = running();
      const { token } = (await (await fetch(`${url}/demo/token?as=${as}`)).json()) as { token: string };
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(input) });
      expect(response.status, name).to.equal(200);
      return response.json();
    },
    kill: () => running().end('SIGKILL'),
    start,
  };
}
