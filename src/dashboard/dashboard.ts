/**
 * `/dashboard`: read-only web pages on the resources of the gateway. They hold no facts: their scripts ask the API with
 * the token of whoever looks, so the pages themselves are open to everybody.
 */
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { Asset } from './assets.js';
import { loadAssets } from './assets.js';
import { createPage } from './page.js';
import type { Page } from './page.js';

/** The pages with what a gateway has to know of them. */
export interface Dashboard {
  /** Paths, as OpenAPI spells them. */
  readonly resources: readonly { readonly method: 'get'; readonly path: string }[];
  /** @throws Error when a file of the pages is missing: the package is not whole then. */
  add(app: Express): void;
}

const start = 'status';

export const dashboard: Dashboard = {
  resources: ['/dashboard', '/dashboard/status', '/dashboard/requests/{id}', '/dashboard/assets/{file}'].map(
    (path) => ({ method: 'get', path }),
  ),

  add(app) {
    const assets = loadAssets();
    const status = createPage({ title: 'Status', script: 'status-page.js', assets: 'assets' });
    const request = createPage({ title: 'Request', script: 'request-page.js', assets: '../assets' });

    app.get('/dashboard', (call: Request, response: Response) => {
      response.redirect(303, call.path.endsWith('/') ? start : `dashboard/${start}`);
    });
    app.get('/dashboard/status', (call: Request, response: Response) => {
      sendPage(call, response, status);
    });
    app.get('/dashboard/requests/:id', (call: Request, response: Response) => {
      sendPage(call, response, request);
    });
    app.get('/dashboard/assets/:file', (call: Request<{ file: string }>, response: Response) => {
      const { file } = call.params;
      const asset = assets.get(file);
      if (asset === undefined) {
        const detail = `the pages have no file '${file.slice(0, 100)}'`;
        throw new ReplytoError('ROUTE_NOT_FOUND', { detail });
      }
      send(call, response, asset);
    });
  },
};

function sendPage(call: Request, response: Response, page: Page): void {
  const { pathname, search } = new URL(call.originalUrl, 'http://localhost');
  if (pathname.endsWith('/')) {
    // The addresses in the page are relative to the path without a slash at its end.
    const name = pathname.split('/').at(-2) ?? '';
    response.redirect(308, `../${name}${search}`);
    return;
  }
  response.setHeader('Content-Security-Policy', page.policy);
  send(call, response, page);
}

/** Asked for again each time, but sent again only when it has changed. */
function send(call: Request, response: Response, { type, bytes, etag }: Asset): void {
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  if (call.fresh) {
    response.status(304).end();
    return;
  }
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', String(bytes.byteLength));
  response.end(bytes);
}
