import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { ERROR_CODES, RoomError } from '../../shared/contract/errors.ts';
import { ID_MAX } from '../../shared/contract/limits.ts';
import { builtScript, PAGE_DIR } from './built-page.ts';
import { contentSecurityPolicy, type DemoLanguage, indexHtml, roomHtml } from './demo-html.ts';
import { type DemoPerson, demoPersonNamed, type DemoPersonName, type DemoPlace } from './people.ts';
import type { SeededDemo } from './seed.ts';

export interface DemoPagesParts {
  rooms: SeededDemo;
  mintToken(person: DemoPerson): Promise<string>;
  /** Tells the service that somebody has paid a proposal; gives the room of its delivery project. */
  pay(person: DemoPerson, payment: DemoPayment): Promise<{ roomId: string }>;
}

const payment = z.strictObject({ opportunityId: z.string().max(ID_MAX), proposalId: z.string().max(ID_MAX) });
export type DemoPayment = z.infer<typeof payment>;

/** Serves the demonstration: a list of links, the room's page for each person, its script, and tokens for it. */
export function demoPages({ rooms, mintToken, pay }: DemoPagesParts): Router {
  const router = Router();

  router.get('/demo', (_request, response) => sendPage(response, indexHtml));

  router.get('/demo/room', async (request, response, next) => {
    const { as, at } = request.query;
    const person = demoPersonNamed(as);
    if (person === undefined) {
      next();
      return;
    }
    const script = `/demo/${await builtScript()}`;
    const show = at === 'plaza' || at === 'publish' ? at : 'room';
    const place = isPlace(at, rooms) ? at : (person.place ?? 'delivery');
    sendPage(response, (nonce) =>
      roomHtml({
        person: as as DemoPersonName,
        roomId: rooms[place],
        show,
        language: languageOf(request),
        script,
        nonce,
      }),
    );
  });

  router.get('/demo/token', async (request, response, next) => {
    const person = demoPersonNamed(request.query['as']);
    if (person === undefined || isOfAnotherSite(request)) {
      next();
      return;
    }
    response.setHeader('Cache-Control', 'no-store');
    response.json({ token: await mintToken(person) });
  });

  // The portal's checkout: what is paid there, the portal's backend reports.
  router.post('/demo/pay', express.json({ limit: 2048 }), async (request, response, next) => {
    const person = demoPersonNamed(request.query['as']);
    const paid = payment.safeParse(request.body);
    if (person === undefined || !paid.success || isOfAnotherSite(request)) {
      next();
      return;
    }
    try {
      response.json(await pay(person, paid.data));
    } catch (error) {
      if (!(error instanceof RoomError)) throw error;
      response.status(ERROR_CODES[error.code].status).json(error.toWire());
    }
  });

  // A file's name changes with its content, so what was once fetched is never asked for again.
  router.use(
    '/demo/assets',
    express.static(join(PAGE_DIR, 'assets'), { immutable: true, maxAge: '365d', index: false, redirect: false }),
  );
  return router;
}

/** A page of another site could not read an answer of ours; it need not cause one either. */
function isOfAnotherSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

const isPlace = (at: unknown, rooms: SeededDemo): at is DemoPlace => typeof at === 'string' && Object.hasOwn(rooms, at);

function sendPage(response: Response, html: (nonce: string) => string): void {
  const nonce = randomBytes(16).toString('base64');
  response.setHeader('Content-Security-Policy', contentSecurityPolicy(nonce));
  // The nonce is good for one answer.
  response.setHeader('Cache-Control', 'no-store');
  response.type('html').send(html(nonce));
}

function languageOf(request: Request): DemoLanguage {
  const { lang } = request.query;
  if (typeof lang === 'string') return lang.startsWith('zh') ? 'zh-CN' : 'en';
  const preferred = request.acceptsLanguages('en', 'zh-CN', 'zh');
  return typeof preferred === 'string' && preferred.startsWith('zh') ? 'zh-CN' : 'en';
}
