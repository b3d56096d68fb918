import { createHash } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { asyncApi } from '../../registry/asyncapi.ts';
import { openApi } from '../../registry/openapi.ts';
import { DOCS_STYLE, docsPage } from './docs-page.ts';

const STYLE_HASH = createHash('sha256').update(DOCS_STYLE).digest('base64');

/**
 * Serves what the registry says of itself: two documents for machines and a page for people. Each is made when it is first asked for, as bytes, so that all
 * who have not read theirs yet share it: anybody may ask.
 * @param counted stands before each of them
 */
export function documents(counted: RequestHandler): Router {
  const router = Router();
  let openApiJson: Buffer | undefined;
  let asyncApiJson: Buffer | undefined;
  let page: Buffer | undefined;
  router.get('/openapi.json', counted, (_request, response) => {
    openApiJson ??= Buffer.from(JSON.stringify(openApi()));
    response.type('application/json').send(openApiJson);
  });
  router.get('/asyncapi.json', counted, (_request, response) => {
    asyncApiJson ??= Buffer.from(JSON.stringify(asyncApi()));
    response.type('application/json').send(asyncApiJson);
  });
  router.get('/docs', counted, (_request, response) => {
    page ??= Buffer.from(docsPage());
    response
      .setHeader(
        'Content-Security-Policy',
        `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'`,
      )
      .type('text/html')
      .send(page);
  });
  return router;
}
