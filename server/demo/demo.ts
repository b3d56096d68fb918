import type { Router } from 'express';
import type { Settings } from '../app/settings.ts';
import { systemClock } from '../clock.ts';
import type { Execute } from '../registry/execute.ts';
import type { Log } from '../telemetry/log.ts';
import { demoPages } from './demo-pages.ts';
import { payInDemo } from './demo-payment.ts';
import { demoToken } from './demo-tokens.ts';
import { DEMO_PEOPLE, MORE_LINKS } from './people.ts';
import { CALLS_SAID } from './phones.ts';
import { runWith } from './demo-callers.ts';
import { seedDemo } from './seed.ts';

/** The demonstration that development runs beside the service. */
export interface Demo {
  /** Absent when tokens are not this service's to sign. */
  readonly router?: Router;
  /** What the person who started the service is told, for the address that it serves at. */
  greeting(url: string): string;
}

/** Seeds the demonstration and makes its pages. Where tokens are checked with public keys it can sign none, and says so. */
export async function prepareDemo(
  settings: Pick<Settings, 'jwt' | 'jwtAudience' | 'jwtIssuer'>,
  execute: Execute,
  log: Log,
): Promise<Demo> {
  const { jwt, jwtAudience: audience, jwtIssuer: issuer } = settings;
  const rooms = await seedDemo(execute, log);
  if (!('secret' in jwt)) {
    return {
      greeting: () => 'The demonstration has no pages: with JWKS_URL set, only the portal can sign tokens for them.\n',
    };
  }
  const { secret } = jwt;
  return {
    router: demoPages({
      rooms,
      pay: (person, payment) => payInDemo(runWith(execute, log), person, payment),
      mintToken: (person) => demoToken(person, { secret, audience, issuer }, systemClock.now()),
    }),
    greeting: (url) => demoGreeting([url]),
  };
}

/** The links of the demonstration, each person's to the next of these addresses in turn. */
export function demoGreeting(urls: readonly [string, ...string[]]): string {
  const [url] = urls;
  const people = Object.entries(DEMO_PEOPLE).map(([as, { name, who }]) => ({
    query: `as=${as}`,
    said: `${name}, ${who}`,
  }));
  const more = MORE_LINKS.map(({ query, as, who }) => ({ query, said: `${DEMO_PEOPLE[as].name}: ${who}` }));
  const widest = Math.max(...[...people, ...more].map(({ query }) => query.length));
  const line = ({ query, said }: { query: string; said: string }, index: number): string => {
    const at = urls[index % urls.length] ?? url;
    return `  ${at}/demo/room?${query.padEnd(widest + 2)}${said}`;
  };
  return [
    'Delivery Rooms is running, with a delivery project and a demand to try. Open them as each of their parties, side by side:',
    '',
    ...people.map(line),
    '',
    'Publishing (its code is printed here), an offer, the plaza, the operators:',
    '',
    ...more.map(line),
    '',
    ...CALLS_SAID,
    '',
    `In Chinese: add &lang=zh-CN. All links: ${url}/demo`,
    '',
  ].join('\n');
}
