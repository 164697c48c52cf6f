/**
 * Fault points: named instants of a gateway at which a test kills it. They exist in tests only. `register.mjs`, given to
 * the process by NODE_OPTIONS, puts the modules of this folder in front of the two that the composition opens store and broker by.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** In the order in which a request passes them. */
export const crashPoints = [
  'accepted',
  'sent',
  'reply-received',
  'reply-committed',
  'forward-claimed',
  'forwarded',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** At which passing of which point a process kills itself. */
export interface CrashPlan {
  readonly point: CrashPoint;
  /** 1 = the first since it has the plan. */
  readonly passing: number;
}

/** What a process leaves of its kill. */
export interface Crash extends CrashPlan {
  /** The request that passed it. */
  readonly requestId: string;
}

/** Names the file with the plan; the process writes beside it what it did. */
export const planVariable = 'CHAOS_PLAN';

export function crashFile(planFile: string): string {
  return `${planFile}.crash`;
}

const planFile = process.env[planVariable];
let planText = '';
let plan: CrashPlan | null = null;
let passings = 0;

/** It may get a new one at any time. */
function readPlan(file: string): void {
  const text = readFileSync(file, 'utf8');
  if (text === planText) return;
  planText = text;
  plan = JSON.parse(text) as CrashPlan | null;
  passings = 0;
}

/** A request is at this point; when it is the one of the plan, the process is dead before anything else happens. */
export function passPoint(point: CrashPoint, requestId: string): void {
  if (planFile === undefined) return;
  readPlan(planFile);
  if (plan?.point !== point) return;
  passings += 1;
  if (passings !== plan.passing) return;
  writeFileSync(crashFile(planFile), JSON.stringify({ ...plan, requestId } satisfies Crash));
  if (point === 'sent') giveTime();
  process.kill(process.pid, 'SIGKILL');
  for (;;) giveTime();
}

/**
 * A process that dies with something unread ends its connections with a reset, which may take away what the other side has not
 * read yet: the broker gets this long to read. Nothing of this process runs meanwhile, so no receipt is seen.
 */
const broughtMs = 100;

function giveTime(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, broughtMs);
}
