import { z } from 'zod';
import { faultSchema } from './fault.js';
import { messageIdSchema } from './message.js';

/** One thing that is wrong with what was given. */
const problemEntrySchema = z.object({
  field: z.string().describe('Header, parameter or path inside of the body.'),
  value: z
    .exactOptional(z.string())
    .describe('As given, cut to 200 characters; absent when nothing was given.'),
  allowed: z.string().describe('What may stand there, in words.'),
});

/** application/problem+json (RFC 9457) as the gateway sends it with every error. */
export const problemSchema = z.object({
  type: z.string().describe('Address of the page that explains the code, on the same server.'),
  title: z.string().describe('One sentence about the code.'),
  status: z.int().min(400).max(599).describe('The HTTP status.'),
  detail: z.exactOptional(z.string()).describe('What happened this time.'),
  code: z
    .string()
    // Open on purpose: a client of today must be able to read a code of tomorrow.
    .regex(/^[A-Z][A-Z0-9_]*$/u)
    .describe('Stable name for programs; /problems lists them all.'),
  problems: z.exactOptional(z.array(problemEntrySchema)).describe('Everything that is wrong with the call.'),
  requestId: z.exactOptional(messageIdSchema).describe('The request it is about.'),
  destination: z.exactOptional(z.string()).describe('The queue it is about.'),
  deadlineAt: z.exactOptional(z.iso.datetime()).describe('The deadline it is about.'),
  fault: z.exactOptional(faultSchema).describe('The fault that the service answered with.'),
});

export type ProblemDocument = Readonly<z.output<typeof problemSchema>>;
