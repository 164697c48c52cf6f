/** `GET /requests/{id}`: the state of a request, with ETag and long poll. */
import type { Express, Request, Response } from 'express';
import type { RequestRecord } from '#core/request.js';
import { sendStatus } from './answers.js';
import type { GatewayContext } from './context.js';
import { answerKnown, matchesEtag } from './etag.js';
import { readId, readPrefer, visible } from './known-request.js';
import { readQuery } from './parameters.js';
import type { Waiting } from './waiting.js';

export function addRequestStatus(app: Express, { store, watch }: GatewayContext, waiting: Waiting): void {
  app.get('/requests/:id', async (request: Request<{ id: string }>, response: Response) => {
    readQuery(request, []);
    const id = readId(request);
    const known = request.headers['if-none-match'];
    const record = await waiting.run(
      response,
      { prefer: readPrefer(request), defaultMs: 0 },
      async (limits) => {
        // Begun before the record is read, so that no change slips through in between.
        const wait = watch.wait(id, () => true, limits);
        try {
          const current = visible(response, id, await store.find(id));
          const differs = known !== undefined && !matchesEtag(known, etagOf(current));
          if (differs || limits.waitMs === 0) return current;
          const change = await wait.outcome;
          // Sending again changes the record without a word to those who wait.
          return visible(response, id, change?.record ?? (await store.find(id)) ?? current);
        } finally {
          wait.end();
        }
      },
    );
    if (response.destroyed) return;
    if (!answerKnown(request, response, etagOf(record))) sendStatus(response, 200, record);
  });
}

function etagOf({ version }: RequestRecord): string {
  return `"v${version}"`;
}
