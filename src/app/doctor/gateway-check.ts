import type { ErrorCode } from '#core/error-kinds.js';
import { isReplytoError } from '#core/errors.js';
import type { Credentials } from '../gateway-client/credentials.js';
import { callHttp } from '../gateway-client/http-call.js';
import type { RunningGateway } from '../running-gateway.js';
import { findGateway } from '../running-gateway.js';
import { systemClock as clock } from '../system-clock.js';
import { checkClock } from './clock-check.js';
import type { Finding } from './finding.js';

const answerMs = 5_000;
/** One that has just started receives replies a second or two after it answers. */
const startsWithinMs = 3_000;
const lookAgainMs = 250;

export interface GatewayCheck {
  readonly finding: Finding;
  /** Undefined when none answers. */
  readonly running: RunningGateway | undefined;
  /** Where one was looked for; undefined when that is not known. */
  readonly url: string | undefined;
  /** What is found of its clock, where it tells the time. */
  readonly clock: Finding | undefined;
}

/** `isExpected`: somebody named this address, so that a gateway should be there. */
export async function checkGateway(
  base: URL,
  isExpected: boolean,
  credentials: Partial<Credentials> = {},
): Promise<GatewayCheck> {
  const url = base.origin;
  const running = await findGateway(base, answerMs, credentials);
  if (running === undefined) return { finding: noneAt(url, isExpected), running, url, clock: undefined };
  const clock = await checkClock(base, credentials);
  const name = `replyto ${running.version} at ${base.origin}`;
  const { isReady, passed, failed } = await settledReadiness(base, credentials);
  if (isReady && failed.length === 0) {
    return {
      running,
      url,
      clock,
      finding: { check: 'gateway', state: 'ok', says: `${name} is ready: ${passed.join(', ')}` },
    };
  }
  const says = `${name}: ${failed.length === 0 ? 'it is not ready' : failed.join(', ')}`;
  const finding = { check: 'gateway', state: 'wrong', says, ...remedyFor(failed[0], running) } as const;
  return { running, url, clock, finding };
}

function noneAt(url: string, isExpected: boolean): Finding {
  const check = 'gateway';
  if (!isExpected)
    return {
      check,
      state: 'note',
      says: `none runs: nobody answers at ${url}; start one with 'replyto serve'`,
    };
  return {
    check,
    state: 'wrong',
    says: `none answers at ${url}`,
    remedy: "start it with 'replyto serve', or correct REPLYTO_URL",
    code: 'GATEWAY_UNAVAILABLE',
  };
}

/**
 * What it means that none answers where none has to: the data folder tells of one that is stuck, and of requests that
 * wait for one.
 */
export function missingGateway(
  url: string,
  { folder, isHeld, openRequests }: { folder: string; isHeld: boolean; openRequests: number },
): Finding | undefined {
  const shared = { check: 'gateway', state: 'wrong', code: 'GATEWAY_UNAVAILABLE' } as const;
  if (isHeld) {
    const says = `none answers at ${url}, but a process holds ${folder}`;
    const remedy =
      'name the address of that gateway by REPLYTO_URL; if it is this one, it is stopped or overloaded: look into its log, and start it again';
    return { ...shared, says, remedy };
  }
  if (openRequests === 0) return undefined;
  const says = `none runs: nobody answers at ${url}, and ${openRequests} open ${openRequests === 1 ? 'request' : 'requests'} in ${folder} ${openRequests === 1 ? 'waits' : 'wait'} for one`;
  return {
    ...shared,
    says,
    remedy: "start it with 'replyto serve': it sends what waits, and takes their replies",
  };
}

/** What to do about the check that failed first: those behind it often only follow from it. */
function remedyFor(
  failed: string | undefined,
  { brokerUrl }: RunningGateway,
): { readonly code: ErrorCode; readonly remedy: string } {
  switch (failed?.split(':')[0]) {
    case 'store':
      return {
        code: 'STORE_UNAVAILABLE',
        remedy: 'see that the disk of its data folder works and has room; its log has the cause',
      };
    case 'broker':
      return {
        code: 'BROKER_UNAVAILABLE',
        remedy: `start the broker${brokerUrl === undefined ? '' : ` at ${brokerUrl}`}, or start the gateway with another BROKER_URL; it keeps requests meanwhile`,
      };
    case 'replies':
      return {
        code: 'BROKER_UNAVAILABLE',
        remedy:
          'its log says why; the broker may want another login, rights to read its queues, or fewer connections',
      };
    case 'queues':
      return {
        code: 'RECEIPT_TIMEOUT',
        remedy:
          'start who consumes them, or give the broker room: its memory limit, its disk, or a limit of these queues is reached (Classic: memoryUsage, storeUsage, destinationPolicy); what waits is sent when there is room',
      };
    case 'outbox':
      return {
        code: 'OUTBOX_FULL',
        remedy: 'see why the broker does not take its messages; until then it refuses new requests',
      };
    case 'running':
      return { code: 'SHUTTING_DOWN', remedy: 'start it again when it has ended' };
    default:
      return { code: 'GATEWAY_UNAVAILABLE', remedy: 'look into its log' };
  }
}

interface Readiness {
  readonly isReady: boolean;
  /** `store: answers` */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

async function settledReadiness(base: URL, credentials: Partial<Credentials>): Promise<Readiness> {
  const endAt = clock.monotonic() + startsWithinMs;
  for (;;) {
    const readiness = await readinessOf(base, credentials);
    const isStarting = readiness.failed.length === 1 && readiness.failed[0]?.startsWith('replies:') === true;
    if (!isStarting || clock.monotonic() >= endAt) return readiness;
    await new Promise<void>((resolve) => clock.after(lookAgainMs, resolve));
  }
}

/** Lines of /readyz?verbose: `[+] store: answers`. */
async function readinessOf(base: URL, { tls }: Partial<Credentials>): Promise<Readiness> {
  try {
    const path = '/readyz?verbose';
    const { status, body } = await callHttp({
      method: 'GET',
      base,
      path,
      deadlineMs: answerMs,
      ...(tls === undefined ? {} : { tls }),
    });
    const lines = body.toString('utf8').split('\n');
    const of = (mark: string): string[] =>
      lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
    return { isReady: status === 200, passed: of('[+] '), failed: of('[-] ') };
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    return { isReady: false, passed: [], failed: [error.message] };
  }
}
