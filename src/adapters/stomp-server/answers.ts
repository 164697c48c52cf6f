import type { HeartBeatAgreement } from './heart-beat.js';
import type { OutgoingFrame } from './frame-encoder.js';
import type { StompVersion } from './frame.js';
import { stompVersions } from './frame.js';
import type { StompRefusal } from './refusal.js';
import { unsupportedVersion } from './refusal.js';

export function receiptFrame(receipt: string): OutgoingFrame {
  return { command: 'RECEIPT', headers: [['receipt-id', receipt]] };
}

export interface Connected {
  readonly version: StompVersion;
  readonly heartBeat: HeartBeatAgreement;
  readonly server: string;
  readonly session: string;
}

export function connectedFrame({ version, heartBeat, server, session }: Connected): OutgoingFrame {
  return {
    command: 'CONNECTED',
    headers: [
      ['version', version],
      ['heart-beat', heartBeat.header],
      ['server', server],
      ['session', session],
    ],
  };
}

/** ERROR: what is wrong in the header `message`, what is allowed in the body. */
export function errorFrame(reason: StompRefusal, receipt: string | undefined): OutgoingFrame {
  const headers: [string, string][] = [['message', reason.message]];
  if (reason.message === unsupportedVersion) headers.push(['version', stompVersions.join(',')]);
  headers.push(['content-type', 'text/plain']);
  if (receipt !== undefined) headers.push(['receipt-id', receipt]);
  return { command: 'ERROR', headers, body: Buffer.from(`${reason.allowed}\n`) };
}
