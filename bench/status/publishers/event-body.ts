import { randomUUID } from 'node:crypto';
import { stepText } from '../schedule.js';
import type { StepEvent } from './publisher.js';

/** The status event as JSON; the same for every way. */
export function toEventBody({ project, subject, step, steps }: StepEvent): string {
  return JSON.stringify({
    id: randomUUID(),
    project,
    subject,
    kind: 'progress',
    percent: Math.round((step / steps) * 100),
    text: stepText(step, steps),
    time: Date.now(),
  });
}
