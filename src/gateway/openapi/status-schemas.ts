/** What resources of status answer, as schemas of the description. */
import { z } from 'zod';
import { requestStates } from '#core/request.js';
import { statusEventKinds } from '#core/status-event.js';
import { projectNameSchema } from '#schema/project-name.js';
import { newEventSchema, sequencedEventSchema, statusEventSchema } from '#schema/status-event.js';

const sequence = z.int().min(0);
const instant = z.int().min(0).describe('Epoch milliseconds.');
const { id, subject, percent, text } = statusEventSchema.shape;

const gapSchema = z
  .object({ from: sequence, to: sequence })
  .describe('Events that retention has removed, the first and the last.');

const statusPageSchema = z.object({
  project: projectNameSchema,
  events: z.array(sequencedEventSchema).describe('In order.'),
  first: sequence.describe('The oldest event that is still kept; `last + 1` when none is.'),
  last: sequence.describe('The newest event; 0 when there never was any.'),
  next: sequence.describe('The `?after` of the next page.'),
  gap: z.exactOptional(gapSchema),
});

const acceptedEventSchema = z.object({ id, project: projectNameSchema, subject });

const projectListSchema = z.object({
  projects: z.array(
    z.object({
      project: projectNameSchema,
      last: sequence.describe('Its newest event.'),
      time: instant.describe('When that came, in epoch milliseconds.'),
      subjects: z.int().min(0).describe('How many it has heard of.'),
    }),
  ),
});

const subjectListSchema = z.object({
  project: projectNameSchema,
  last: sequence.describe('The newest event of the project: `?after` for who goes on from this list.'),
  subjects: z.array(
    z.object({
      subject,
      kind: z.enum(statusEventKinds).describe('Of its newest event.'),
      sequence: sequence.describe('Of its newest event.'),
      time: instant.describe('Of its newest event, in epoch milliseconds at the source.'),
      percent,
      text,
      status: z.exactOptional(z.enum(requestStates)).describe('State of the request, if it is one.'),
      startedAt: instant.describe('Time of its first event.'),
      isRequest: z.boolean(),
      isOver: z.boolean().describe('Ended by a success, a failure, or the end of its request.'),
    }),
  ),
});

/** Components, by name. */
export const statusComponents = {
  NewEvent: newEventSchema,
  AcceptedEvent: acceptedEventSchema,
  SequencedEvent: sequencedEventSchema,
  StatusPage: statusPageSchema,
  ProjectList: projectListSchema,
  SubjectList: subjectListSchema,
} as const;
