import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import express, { type Request, type Response, Router } from 'express';
import { builtScript, PAGE_DIR } from './built-page.ts';
import { contentSecurityPolicy, type DemoLanguage, indexHtml, roomHtml } from './demo-html.ts';
import { type DemoPerson, demoPersonNamed, type DemoPersonName } from './people.ts';

export interface DemoPagesParts {
  roomId: string;
  mintToken(person: DemoPerson): Promise<string>;
}

/** Serves the demonstration: a list of links, the room's page for each person, its script, and tokens for it. */
export function demoPages({ roomId, mintToken }: DemoPagesParts): Router {
  const router = Router();

  router.get('/demo', (_request, response) => sendPage(response, indexHtml));

  router.get('/demo/room', async (request, response, next) => {
    const person = request.query['as'];
    if (demoPersonNamed(person) === undefined) {
      next();
      return;
    }
    const script = `/demo/${await builtScript()}`;
    sendPage(response, (nonce) =>
      roomHtml({ person: person as DemoPersonName, roomId, language: languageOf(request), script, nonce }),
    );
  });

  router.get('/demo/token', async (request, response, next) => {
    const person = demoPersonNamed(request.query['as']);
    // A page of another site could not read the answer; it need not cause one either.
    const site = request.headers['sec-fetch-site'];
    if (person === undefined || site === 'cross-site' || site === 'same-site') {
      next();
      return;
    }
    response.setHeader('Cache-Control', 'no-store');
    response.json({ token: await mintToken(person) });
  });

  // A file's name changes with its content, so what was once fetched is never asked for again.
  router.use(
    '/demo/assets',
    express.static(join(PAGE_DIR, 'assets'), { immutable: true, maxAge: '365d', index: false, redirect: false }),
  );
  return router;
}

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
