/** `GET /`: where to go from here, for who knows no more than the address. */
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { Operation } from './openapi/parts.js';
import { inlineSchema } from './openapi/schemas.js';

const paths = {
  dashboard: '/dashboard/status',
  docs: '/docs',
  openapi: '/openapi.json',
  requests: '/requests',
  readyz: '/readyz',
} as const;

/** Adds `GET /`: the page of the description for browsers, links for all others. */
export function addRoot(app: Express): void {
  app.get('/', (request: Request, response: Response) => {
    response.vary('Accept');
    if (request.accepts(['json', 'html']) === 'html') {
      response.setHeader('Location', paths.docs);
      response.status(303).end();
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-cache');
    response.end(JSON.stringify({ name: 'replyto', links: paths }));
  });
}

const path = z.string().describe('Path on this server.');

export const rootOperation: Operation = {
  id: 'getRoot',
  method: 'get',
  path: '/',
  openTo: 'everybody',
  tag: 'Descriptions',
  summary: 'Where to go from here',
  answers: {
    200: {
      description: 'Paths of the most important resources.',
      content: {
        'application/json': {
          schema: inlineSchema(
            z.object({
              name: z.literal('replyto'),
              links: z.object({ dashboard: path, docs: path, openapi: path, requests: path, readyz: path }),
            }),
          ),
        },
      },
    },
    303: {
      description: 'For browsers.',
      headers: {
        Location: {
          description: 'Path of the page of this description.',
          required: true,
          schema: inlineSchema(z.literal(paths.docs)),
        },
      },
    },
  },
  problems: [],
};
