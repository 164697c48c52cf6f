import { z } from 'zod';
import type { FaultBody } from '#core/fault.js';
import { parseJson, withoutNulls } from './json.js';
import type { Parsed } from './problems.js';
import { parseWith } from './problems.js';

/** Body of a message with `Fault: true`; members it does not know are ignored. */
export const faultSchema = z.object({
  code: z.string().min(1).describe('Stable name for programs, chosen by the service.'),
  message: z.string().describe('What went wrong, for people.'),
  retryable: z.exactOptional(z.boolean()).describe('Whether asking again may help.'),
  status: z
    .exactOptional(z.int().min(400).max(599))
    .describe(
      'HTTP status that the gateway answers with; 502 when absent, and for 401, 405, 407 and 426, which are about the gateway itself.',
    ),
  details: z.exactOptional(z.unknown()).describe('Anything else, for programs.'),
});

/**
 * Reads the body of a fault message. Null in `retryable` or `status` counts as absent, because many
 * serializers write it so. Never throws.
 */
export function parseFault(body: Uint8Array): Parsed<FaultBody> {
  const json = parseJson(body, 'fault');
  return json.ok ? parseWith(faultSchema, withoutNulls(json.value, ['retryable', 'status']), 'fault') : json;
}
