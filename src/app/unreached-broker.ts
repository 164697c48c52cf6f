/** What to do about a broker that was not reached, where trying again alone cannot help. */
import { errorCode, speaksNoTls } from '#adapters/stomp/failures.js';
import { FrameFault } from '#adapters/stomp/frame-reader.js';
import { isReplytoError } from '#core/errors.js';

/** Nobody listens at the port. */
export function isRefused(error: unknown): boolean {
  return errorCode(causeOf(error)) === 'ECONNREFUSED';
}

/** `settings`: those that name the address. Undefined when the broker may just be away. */
export function addressRemedy(error: unknown, settings: string): string | undefined {
  const cause = causeOf(error);
  const code = errorCode(cause);
  if (speaksNoTls(cause)) {
    return `write stomp:// instead of stomps:// (ws:// instead of wss://) in ${settings}, or name the port at which the broker speaks TLS`;
  }
  if (code === 'ENOTFOUND') {
    return `correct the host in ${settings}; this machine must be able to look it up (DNS, /etc/hosts)`;
  }
  if (code === 'EAI_AGAIN') return `see that this machine can look up names (DNS), or correct ${settings}`;
  if (
    code === 'HPE_INVALID_CONSTANT' ||
    (cause instanceof FrameFault && cause.message.includes('not speak STOMP'))
  ) {
    return `another program listens there, or the broker with another protocol: name its STOMP port in ${settings} (61613 unless it was configured), with stomps:// where that speaks TLS`;
  }
  return undefined;
}

function causeOf(error: unknown): unknown {
  return isReplytoError(error) ? error.cause : error;
}
