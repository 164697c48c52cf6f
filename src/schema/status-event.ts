import { z } from 'zod';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { StatusEvent } from '#core/status-event.js';
import { statusEventKinds } from '#core/status-event.js';
import { parseJson, withoutNulls } from './json.js';
import type { Parsed } from './problems.js';
import { parseWith } from './problems.js';
import { projectNameSchema } from './project-name.js';

const nameAllowed = '1-255 characters without control characters';
const nameSchema = z.string().regex(/^[^\u0000-\u001f\u007f]{1,255}$/u, { error: nameAllowed });

/** No Date can be later. */
const lastTime = 8_640_000_000_000_000;

/** One thing that happened to a subject; members it does not know are ignored. */
export const statusEventSchema = z.object({
  id: nameSchema.describe('Unique, best a UUID v7; an event that comes again with the same id is ignored.'),
  project: z
    .union([projectNameSchema, z.null()])
    .default(null)
    .describe('Whose status topic hears of it; null or absent: only the subject itself.'),
  subject: nameSchema.describe('What it is about: a request id, a process id, a user.'),
  kind: z.enum(statusEventKinds),
  percent: z.exactOptional(z.number().min(0).max(100)).describe('How much is done.'),
  text: z.exactOptional(z.string()).describe('For people.'),
  data: z.exactOptional(z.unknown()).describe('For programs.'),
  time: z.int().min(0).max(lastTime).describe('Epoch milliseconds at the source.'),
});

/** An event as its readers get it: in the log of its project, with its place there. */
export const sequencedEventSchema = statusEventSchema.extend({
  project: projectNameSchema.describe('The project that heard of it.'),
  sequence: z
    .int()
    .min(1)
    .describe('1, 2, 3, ... for each project, without gaps, the same for good: tells order and repetition.'),
});

/** An event of which nobody else is to read: what is no member of it was meant to be another. */
const strictEventSchema = statusEventSchema.strict();

/** An event as it is posted to its project, which the path names. */
export const newEventSchema = strictEventSchema.extend({
  id: z.exactOptional(statusEventSchema.shape.id).describe('Absent: a UUID is made and returned.'),
  project: z.exactOptional(projectNameSchema).describe('As in the path, or absent.'),
  time: z.exactOptional(statusEventSchema.shape.time).describe('Absent: now.'),
});

/** Says what is wrong with the subject of an event, or nothing. */
export function eventSubjectProblem(field: string, subject: string): Problem | undefined {
  return nameSchema.safeParse(subject).success ? undefined : toProblem(field, subject, nameAllowed);
}

/** Bytes of an event as JSON: many read it at the same time, and large things belong into a reply. */
export const mostEventBytes = 65_536;
/** For an id, a project and a time that an event does not say itself. */
const addedBytes = 1_024;

function eventSizeProblem(bytes: number, added = 0): Problem | undefined {
  return bytes > mostEventBytes + added
    ? toProblem('event', `${bytes} bytes`, `at most ${mostEventBytes} bytes of JSON`)
    : undefined;
}

/**
 * Reads a status event. Null in `percent` or `text` counts as absent, as in faults; an absent `project`
 * as null. Never throws.
 */
export function parseStatusEvent(body: Uint8Array): Parsed<StatusEvent> {
  const problem = eventSizeProblem(body.byteLength);
  if (problem !== undefined) return { ok: false, problems: [problem] };
  const json = parseJson(body, 'event');
  return json.ok
    ? ofBearableSize(parseWith(statusEventSchema, withoutNulls(json.value, ['percent', 'text']), 'event'))
    : json;
}

/** `1e20` is written as 21 digits from then on: what counts is what its readers get, and what the gateway adds is on top. */
function ofBearableSize(parsed: Parsed<StatusEvent>): Parsed<StatusEvent> {
  if (!parsed.ok) return parsed;
  const problem = eventSizeProblem(Buffer.byteLength(JSON.stringify(parsed.value)), addedBytes);
  return problem === undefined ? parsed : { ok: false, problems: [problem] };
}

/** What an event gets that does not say it itself. */
export interface EventDefaults {
  readonly id: string;
  readonly project: string;
  readonly time: number;
}

/** Reads an event for one project, as {@link parseStatusEvent} does; it may not name another project. */
export function parseNewEvent(body: Uint8Array, defaults: EventDefaults): Parsed<StatusEvent> {
  const json = parseJson(body, 'event');
  if (!json.ok) return json;
  const { value } = json;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const given = withoutNulls(value, ['percent', 'text', 'id', 'project', 'time']);
  const parsed = ofBearableSize(
    parseWith(strictEventSchema, isObject ? { ...defaults, ...(given as object) } : given, 'event'),
  );
  if (!parsed.ok || parsed.value.project === defaults.project) return parsed;
  const allowed = `${JSON.stringify(defaults.project)}, as in the path, or none`;
  return { ok: false, problems: [toProblem('project', parsed.value.project, allowed)] };
}
