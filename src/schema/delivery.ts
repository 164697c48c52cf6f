import { z } from 'zod';
import { deliveryStates } from '#core/ports/outbox.js';
import { parseJsonDocument } from './json-document.js';
import type { Parsed } from './problems.js';

const instant = z.union([z.iso.datetime(), z.null()]);
/** The highest number of a reply that may be asked for. */
export const mostReplies = 1_000_000;

/** One delivery of the reply of a request. Instants are ISO 8601 in UTC. */
export const deliverySchema = z.object({
  to: z.string().describe('Queue.'),
  state: z
    .enum(deliveryStates)
    .describe(
      '`pending`: the reply has not come; `waiting`: it goes to the broker now, or when it is tried again; `dead`: given up, ' +
        'it is a dead letter; `retried`: that was sent again; `cancelled`: the request was, before a reply came.',
    ),
  reply: z
    .union([z.int().min(0), z.null()])
    .describe(
      'Which reply, as `?n=` of the reply; 0: the Fault of an expired request; null: the one to come.',
    ),
  attempts: z.int().min(0).describe('Those that the broker answered with an error.'),
  lastError: z.union([z.string(), z.null()]),
  createdAt: z.iso.datetime(),
  endedAt: instant.describe('When the broker confirmed it, or it was given up.'),
});

export type DeliveryDocument = Readonly<z.output<typeof deliverySchema>>;

/** Of `POST /requests/{id}/deliveries`. */
export const wantedDeliverySchema = z.strictObject({
  to: z.string().describe('Queue that gets the reply too.'),
  n: z
    .exactOptional(z.int().min(1).max(mostReplies))
    .describe(
      '1, or absent: the answer, now or when it comes. 2 and more: a further reply that is kept already.',
    ),
});

export function parseWantedDelivery(
  body: Uint8Array,
): Parsed<Readonly<z.output<typeof wantedDeliverySchema>>> {
  return parseJsonDocument(wantedDeliverySchema, body);
}
