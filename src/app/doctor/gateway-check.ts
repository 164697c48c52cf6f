import { isReplytoError } from '#core/errors.js';
import { callHttp } from '../gateway-client/http-call.js';
import type { Finding } from './finding.js';

const answerMs = 5_000;

/** Version of the gateway that answers there; undefined when none does. */
export async function gatewayVersion(base: URL): Promise<string | undefined> {
  try {
    const { body } = await callHttp({ method: 'GET', base, path: '/version', deadlineMs: answerMs });
    const { name, version } = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
    return name === 'replyto' && typeof version === 'string' ? version : undefined;
  } catch {
    // Nobody, somebody else, or no JSON: no gateway in any case.
    return undefined;
  }
}

/** `isExpected`: somebody named this address, so that a gateway should be there. */
export async function checkGateway(base: URL, isExpected: boolean): Promise<Finding> {
  const check = 'gateway';
  const url = base.origin;
  const version = await gatewayVersion(base);
  if (version === undefined) {
    if (!isExpected)
      return { check, state: 'note', says: `none answers at ${url}; start one with 'replyto serve'` };
    return {
      check,
      state: 'wrong',
      says: `none answers at ${url}`,
      remedy: "start it with 'replyto serve', or correct REPLYTO_URL",
      code: 'GATEWAY_UNAVAILABLE',
    };
  }
  const checks = await readiness(base);
  if (checks.failed.length === 0) {
    return { check, state: 'ok', says: `replyto ${version} at ${url} is ready: ${checks.passed.join(', ')}` };
  }
  const says = `replyto ${version} at ${url}: ${checks.failed.join(', ')}`;
  // A broker that is away alone takes no gateway out of service.
  if (checks.isReady) return { check, state: 'note', says };
  const remedy = 'look into its log; what it waits for is named here';
  return { check, state: 'wrong', says: `${says}; it is not ready`, remedy, code: 'GATEWAY_UNAVAILABLE' };
}

interface Readiness {
  readonly isReady: boolean;
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** Lines of /readyz?verbose: `[+] store: answers`. */
async function readiness(base: URL): Promise<Readiness> {
  try {
    const path = '/readyz?verbose';
    const { status, body } = await callHttp({ method: 'GET', base, path, deadlineMs: answerMs });
    const lines = body.toString('utf8').split('\n');
    const of = (mark: string): string[] =>
      lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
    return { isReady: status === 200, passed: of('[+] '), failed: of('[-] ') };
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    return { isReady: false, passed: [], failed: [error.message] };
  }
}
