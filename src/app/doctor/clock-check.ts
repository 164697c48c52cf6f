import type { Credentials } from '../gateway-client/credentials.js';
import { callHttp } from '../gateway-client/http-call.js';
import { systemClock } from '../system-clock.js';
import type { Finding } from './finding.js';

const answerMs = 5_000;
/** Services skip what is past its `Expires-At` by more than five minutes; long before, times in logs do not fit. */
const worthKnowingMs = 30_000;
const harmfulMs = 5 * 60_000;

/** The clock of a gateway beside that of this machine. Undefined when it does not tell the time. */
export async function checkClock(
  base: URL,
  { tls }: Partial<Credentials> = {},
  clock: Pick<typeof systemClock, 'now'> = systemClock,
): Promise<Finding | undefined> {
  const before = clock.now();
  const date = await dateAt(base, tls);
  // Date counts whole seconds.
  const theirs = Date.parse(date ?? '') + 500;
  if (Number.isNaN(theirs)) return undefined;
  const aheadMs = theirs - (before + clock.now()) / 2;
  return judge(aheadMs, base.origin);
}

async function dateAt(base: URL, tls: Credentials['tls'] | undefined): Promise<string | undefined> {
  const call = { method: 'GET', base, path: '/livez', deadlineMs: answerMs } as const;
  try {
    const { headers } = await callHttp(tls === undefined ? call : { ...call, tls });
    return headers['date'];
  } catch {
    return undefined;
  }
}

function judge(aheadMs: number, url: string): Finding {
  const check = 'clock';
  const offMs = Math.abs(aheadMs);
  if (offMs < worthKnowingMs) {
    return { check, state: 'ok', says: `the gateway at ${url} and this machine tell the same time` };
  }
  const says = `the clock of the gateway at ${url} is ${inWords(offMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const remedy =
    'set both clocks by NTP: services skip requests that are past their Expires-At by five minutes, and times in logs do not fit';
  if (offMs < harmfulMs) return { check, state: 'note', says, remedy };
  return { check, state: 'wrong', says, remedy, code: 'GATEWAY_UNAVAILABLE' };
}

const units = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
  [1_000, 'seconds'],
] as const;

/** In the largest unit of which it has two: `90 seconds`, `2 minutes`. */
function inWords(ms: number): string {
  const [size, name] = units.find(([unit]) => ms >= 2 * unit) ?? [1_000, 'seconds'];
  return `${Math.round(ms / size)} ${name}`;
}
