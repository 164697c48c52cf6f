/** Components of the API description about letters, deliveries, and what became of a request. */
import { z } from 'zod';
import { deliverySchema, wantedDeliverySchema } from '#schema/delivery.js';
import { letterEditSchema, letterSchema, letterSummarySchema, matchSchema } from '#schema/letter.js';
import { requestTraceSchema, requestWhySchema } from '#schema/request-life.js';

const count = z.int().min(0);

export const letterComponents = {
  LetterSummary: letterSummarySchema,
  Letter: letterSchema,
  LetterEdit: letterEditSchema,
  Match: matchSchema,
  DeadLetterList: z.object({ deadLetters: z.array(letterSummarySchema) }),
  UnmatchedReplyList: z.object({ unmatchedReplies: z.array(letterSummarySchema) }),
  RetriedLetter: z.object({
    queue: z.string().describe('Where it goes.'),
    messageId: z.union([z.string(), z.null()]),
  }),
  RetriedLetters: z.object({
    retried: count,
    skipped: count.describe('Those that do not say what would have to be sent; they stay.'),
  }),
  DroppedLetters: z.object({ dropped: count }),
  Delivery: deliverySchema,
  DeliveryList: z.object({ deliveries: z.array(deliverySchema) }),
  WantedDelivery: wantedDeliverySchema,
  RequestTrace: requestTraceSchema,
  RequestWhy: requestWhySchema,
} as const;
