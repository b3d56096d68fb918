import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another company's web site, on an origin of its own. */
export interface Portal {
  readonly url: string;
  /** What it answers from now on. */
  serve(html: string, policy: string): void;
  close(): Promise<void>;
}

export async function startPortal(): Promise<Portal> {
  let page = { html: '', policy: '' };
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.setHeader('Content-Security-Policy', page.policy);
    response.end(page.html);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (html, policy) => {
      page = { html, policy };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
