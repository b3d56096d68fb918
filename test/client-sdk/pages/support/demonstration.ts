import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { findChromium, launchChromium, sayWithoutBrowser } from '../../../support/browser.ts';
import { until } from '../../../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { type ServiceProcess, startServiceProcess } from '../../../support/service-process.ts';
import { buildPage } from './build-page.ts';
import { SHOWN_MS, Visitor, type VisitorOptions } from './visitor.ts';

/** How long one test of a page may take, where each of its waits may take `SHOWN_MS`. */
export const PAGE_TEST_MS = 300_000;
const DAY_MS = 86_400_000;
/** The office's time, which has no summers. */
const OFFICE_AHEAD_MS = 8 * 3_600_000;

/** The demonstration, in a process of its own unless a suite serves it otherwise, and a browser to look at it. */
export interface Demonstration {
  readonly url: string;
  readonly port: number;
  /** Somebody of the demonstration with the room open and live. */
  open(as: string, options?: VisitorOptions): Promise<Visitor>;
  /** A browser that has no page open yet. */
  visitor(): Promise<Visitor>;
  /** Calls a command as somebody of the demonstration would from another program. */
  call(as: string, name: string, input: unknown): Promise<unknown>;
  /** The last code that the service has sent to a phone, once there is one: it prints codes where nothing else carries them. */
  lastCode(): Promise<string>;
  /** Moves the clock to noon of the office's next day: no hour becomes full before one has gone by, and those that follow are of one day. */
  toNoon(): Promise<void>;
  kill(): Promise<void>;
  start(port: number): Promise<void>;
}

/**
 * Sets the suite up that calls it: the page as it is now, a service over a database of its own, a browser. Without a browser
 * the suite does not run, and says so. After each test its visitors leave, and none of them may have broken the page's policy.
 * @param env what the service is set to beside what every demonstration is
 * @param serve starts its service
 */
export function demonstration(
  env: NodeJS.ProcessEnv = {},
  serve: (env: NodeJS.ProcessEnv, database: TestDatabase) => Promise<ServiceProcess> = startServiceProcess,
): Demonstration {
  let browser: Browser | undefined;
  let database: TestDatabase | undefined;
  let service: ServiceProcess | undefined;
  const visitors: Visitor[] = [];

  const running = (): ServiceProcess => service ?? expect.fail('the service does not run');
  const start = async (port: number) => {
    if (database === undefined) return expect.fail('there is no database');
    const set = { ...database.env, DEMO: '1', PORT: String(port), LOG_LEVEL: 'info', ...env };
    service = await serve(set, database);
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

  const call: Demonstration['call'] = async (as, name, input) => {
    const { url } = running();
    const { token } = (await (await fetch(`${url}/demo/token?as=${as}`)).json()) as { token: string };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(input) });
    expect(response.status, name).to.equal(200);
    return response.json();
  };
  const codes = (): string[] =>
    [
      ...running()
        .output()
        .matchAll(/The code that was asked for: (\d+)/g),
    ].flatMap(([, code]) => code ?? []);
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
    call,
    async lastCode() {
      await until('a code was sent', () => codes().length > 0, SHOWN_MS);
      return codes().at(-1) ?? '';
    },
    async toNoon() {
      const { now } = (await call('operator', 'clock.advance', { ms: 1 })) as { now: string };
      const noon = (Math.ceil((Date.parse(now) + OFFICE_AHEAD_MS) / DAY_MS) + 0.5) * DAY_MS - OFFICE_AHEAD_MS;
      await call('operator', 'clock.advance', { to: new Date(noon).toISOString() });
    },
    kill: () => running().end('SIGKILL'),
    start,
  };
}
