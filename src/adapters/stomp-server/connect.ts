import type { Frame, StompVersion } from './frame.js';
import { stompVersions } from './frame.js';
import type { HeartBeatAgreement } from './heart-beat.js';
import { agreeOnHeartBeat } from './heart-beat.js';
import type { SessionLimits } from './limits.js';
import type { LoginCheck } from './login.js';
import { protocolFault, unsupportedVersion } from './refusal.js';

/** What CONNECT (or STOMP) led to. */
export interface Agreement {
  readonly version: StompVersion;
  readonly heartBeat: HeartBeatAgreement;
}

/**
 * Carries the first frame out: version, login, heart-beat.
 *
 * @throws StompRefusal that closes.
 */
export function agree(frame: Frame, limits: SessionLimits, login: LoginCheck | undefined): Agreement {
  const { command, headers } = frame;
  if (command !== 'CONNECT' && command !== 'STOMP') {
    throw protocolFault(`${command} before CONNECT`, 'The first frame of a connection is CONNECT or STOMP.');
  }
  const version = chooseVersion(headers.get('accept-version'));
  if (login?.({ login: headers.get('login') ?? '', passcode: headers.get('passcode') ?? '' }) === false) {
    throw protocolFault('login refused', 'CONNECT needs the right login and passcode.');
  }
  return { version, heartBeat: agreeOnHeartBeat(headers.get('heart-beat'), limits) };
}

function chooseVersion(accepted: string | undefined): StompVersion {
  // Without the header the client speaks 1.0 alone (STOMP 1.2, "Protocol Negotiation").
  const offers = (accepted ?? '1.0').split(',').map((text) => text.trim());
  const version = stompVersions.find((known) => offers.includes(known));
  if (version !== undefined) return version;
  throw protocolFault(
    unsupportedVersion,
    `Supported protocol versions are ${stompVersions.join(' ')}; say so with accept-version.`,
  );
}
