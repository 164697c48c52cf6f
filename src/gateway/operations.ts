/** What operators and their tools ask: alive, ready, metrics, version. */
import type { Express, Request, Response } from 'express';
import type { GatewayContext } from './context.js';
import { principalOf } from './principal.js';

/** Asked every few seconds by machines: what is told of each call would hide the others. */
export const askedByMachines: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

export function addOperations(
  app: Express,
  { readiness, metrics, version, isStopping }: GatewayContext,
): void {
  app.get('/livez', (_request, response) => sendText(response, 200, 'alive\n'));

  app.get('/readyz', async (request: Request, response: Response) => {
    const { isReady, checks } = await readiness();
    const status = isReady && !isStopping() ? 200 : 503;
    if ('verbose' in request.query) {
      const all = [
        ...checks,
        { name: 'running', isOk: !isStopping(), detail: isStopping() ? 'stopping' : 'yes' },
      ];
      sendText(
        response,
        status,
        all.map(({ name, isOk, detail }) => `[${isOk ? '+' : '-'}] ${name}: ${detail}\n`).join(''),
      );
    } else {
      sendText(response, status, status === 200 ? 'ready\n' : 'not ready\n');
    }
  });

  app.get('/metrics', async (_request: Request, response: Response) => {
    const { contentType, text } = await metrics();
    response.setHeader('Content-Type', contentType);
    response.setHeader('Cache-Control', 'no-store');
    response.end(text);
  });

  app.get('/version', (_request, response) => {
    const more = { node: version.node, broker: version.broker(), brokerUrl: version.brokerUrl };
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-store');
    response.end(
      JSON.stringify({
        name: 'replyto',
        version: version.version,
        // What surrounds the gateway is nothing for strangers.
        ...(principalOf(response).isKnown ? more : {}),
      }),
    );
  });
}

function sendText(response: Response, status: number, text: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.status(status).end(text);
}
