/** What a gateway tells of one request that somebody looks into: its trace, and why it is where it is. */
import { z } from 'zod';
import { messagePlaces } from '#core/ports/queue-inspection.js';
import { requestStates } from '#core/request.js';

const instant = z.iso.datetime();
const nullableInstant = z.union([instant, z.null()]);
const nullableText = z.union([z.string(), z.null()]);
const nullableCount = z.union([z.int().min(0), z.null()]);

/** What happened to a request. Instants are ISO 8601 in UTC. */
export const requestTraceSchema = z.object({
  id: z.string(),
  status: z.enum(requestStates),
  queue: z.string(),
  acceptedAt: instant,
  entries: z
    .array(
      z.object({
        at: instant.describe('By the clock of the store; of an `event`, of the service that sent it.'),
        afterMs: z.int().describe('Milliseconds since the request was accepted.'),
        what: z
          .string()
          .describe(
            'The states of a request; `late-reply`, `duplicate-reply`; `event`: what a service said of its work; `send-failed`, ' +
              '`sent-again`; `forward-queued`, `forward-failed`, `forward-taken-over`, `forward-given-up`, `forwarded`; ' +
              '`reply-matched`; `dead-letter`, `invalid`, `unmatched-reply`, `letter-sent-again`, `letter-dropped`; ' +
              '`lease-acknowledged`, `lease-replied`, `lease-released`, `lease-lapsed`. There may be more one day.',
          ),
        instance: nullableText.describe('The gateway that did it; null where that is not known.'),
        says: z.string().describe('The same in words.'),
        detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      }),
    )
    .describe('In order.'),
  leftOut: z.int().min(0).describe('Events in the middle of a very long history that are not shown.'),
});

export type RequestTraceDocument = Readonly<z.output<typeof requestTraceSchema>>;

/** Why a request is where it is. Instants are ISO 8601 in UTC. */
export const requestWhySchema = z.object({
  id: z.string(),
  status: z.enum(requestStates),
  waitsFor: z
    .string()
    .describe(
      '`broker`: it is away; `queue`: the broker takes nothing for it; `send-lease`: another instance sends it; `receipt`: it ' +
        'is being sent; `turn`: it is about to be; `service`: to answer; `reader`: over HTTP, to answer; `person`: its message is ' +
        'a dead letter; `forward`: its reply is on its way; `nothing`.',
    ),
  says: z.string().describe('The same in words.'),
  since: nullableInstant,
  queue: z.object({
    name: z.string(),
    depth: nullableCount.describe(
      'Messages in it, those that consumers have not acknowledged among them; null: the broker does not tell, as below.',
    ),
    isAtLeast: z.boolean().describe('There may be more.'),
    inFlight: nullableCount.describe('Of them, those that consumers hold.'),
    consumers: nullableCount,
    message: z
      .union([z.enum(messagePlaces), z.null()])
      .describe(
        'The message of this request: `waiting` in the queue, `held` by a consumer, `there`: one of both, `gone`: acknowledged.',
      ),
    unknown: nullableText.describe('Why something is not known.'),
  }),
  findings: z
    .array(
      z.object({
        code: z.string(),
        says: z.string(),
        at: nullableInstant.describe('When it was, or will be.'),
      }),
    )
    .describe('What else is known.'),
  whatToDo: z.array(z.string()).describe('Sentences for people, the first of which matters most.'),
});

export type RequestWhyDocument = Readonly<z.output<typeof requestWhySchema>>;
