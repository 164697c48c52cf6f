/** All rows, in the order of the crash table. */
import type { Stage } from '../parts/system.js';
import { crashPoints } from '../points/crash-point.js';
import type { CrashPoint } from '../points/crash-point.js';
import { killAnything } from './kill-anything.js';
import { killAtPoint } from './kill-at-point.js';
import { killBroker, killGateway, killService, killStore, stopGateway } from './kill-part.js';
import type { Row } from './row.js';

const between: Readonly<Record<CrashPoint, string>> = {
  accepted: 'accept and send',
  sent: 'send and receipt',
  'reply-received': 'reply received and commit',
  'reply-committed': 'commit and acknowledge',
  'forward-claimed': 'commit and forward to Reply-To',
  forwarded: 'forward to Reply-To and its record',
};

const shows: Readonly<Record<CrashPoint, string>> = {
  accepted:
    'the request is on disk, and its message was never sent. The gateway sends it when it runs again; of several, another one does.',
  sent: 'the message is with the broker, and the gateway does not know it. Unless its reply is there before, it is sent again with the same `Message-ID` and `Resend: 1`; a service that remembers runs it once.',
  'reply-received':
    'the reply was never acknowledged, so the broker delivers it again, or to another gateway.',
  'reply-committed':
    'the reply is on disk, and the broker does not know it. It is delivered again, recognised and ignored.',
  'forward-claimed':
    'the reply for the Reply-To queue is on disk, and was never sent there. It is when the gateway runs again; of several, another one sends it when the lease of the dead one is over.',
  forwarded:
    'the reply is in the Reply-To queue, and the gateway does not know it. It goes there again with the same `Message-ID`.',
};

const classicSqlite: Stage = { broker: 'classic', store: 'sqlite', gateways: 1, services: 1 };
const embeddedSqlite: Stage = { broker: 'embedded', store: 'sqlite', gateways: 1, services: 1 };
const classicPostgres: Stage = { broker: 'classic', store: 'postgres', gateways: 3, services: 1 };
const anyMoment = 'any moment';

/** What any crash of a gateway, the broker or the store may bring. */
const usual = { mayForwardAgain: true, mayRunTwice: false };

function atPoints(stage: Stage): Row[] {
  return crashPoints.map((point) => ({
    ...{ name: `${point}-${stage.broker}-${stage.store}`, killed: nameOfGateway(stage) },
    ...{ between: between[point], shows: shows[point], stage, ...usual },
    disturb: (scene) => killAtPoint(point, scene),
  }));
}

function nameOfGateway({ broker, gateways }: Stage): string {
  if (gateways > 1) return `one of ${gateways} gateways`;
  return broker === 'embedded' ? 'gateway, and its broker with it' : 'gateway';
}

const brokerShows =
  'requests are accepted and wait in the store; when the broker is back they are sent. What had no receipt is sent again.';

export const rows: readonly Row[] = [
  ...atPoints(classicSqlite),
  ...atPoints(embeddedSqlite),
  ...atPoints(classicPostgres),
  {
    ...{ name: 'broker-classic-sqlite', killed: 'broker', between: anyMoment, shows: brokerShows },
    ...{ stage: classicSqlite, ...usual, disturb: killBroker },
  },
  {
    ...{ name: 'broker-classic-postgres', killed: 'broker', between: anyMoment, shows: brokerShows },
    ...{ stage: classicPostgres, ...usual, disturb: killBroker },
  },
  {
    ...{ name: 'store-classic-postgres', killed: 'store', between: anyMoment },
    shows:
      'new work gets 503, which is waited for at each gateway, and callers repeat it. Replies stay on the broker: every other time the gateways are killed, too, before the store is back, and still nothing is missing.',
    ...{ stage: { ...classicPostgres, gateways: 2 }, ...usual, disturb: killStore },
  },
  {
    ...{ name: 'service-classic-sqlite', killed: 'one of 2 services', between: 'before its reply' },
    shows: 'the broker delivers what it held to the other one.',
    ...{ stage: { ...classicSqlite, services: 2 }, disturb: killService },
    ...{ mayForwardAgain: false, mayRunTwice: true },
  },
  {
    ...{ name: 'gateway-classic-postgres', killed: nameOfGateway(classicPostgres), between: anyMoment },
    shows:
      'its replies go to the others at once. What it was sending is taken over half a minute after its last sign of life.',
    ...{ stage: classicPostgres, ...usual, disturb: killGateway },
  },
  {
    ...{ name: 'stopped-classic-postgres', killed: 'one of 3 gateways, stopped and continued' },
    shows:
      'first for longer than its lease, so that the others take it for dead and take over what it had; it goes on as if nothing had been, and breaks nothing. Callers that wait at it ask another one.',
    ...{ between: anyMoment, stage: classicPostgres, ...usual, disturb: stopGateway },
  },
  {
    ...{ name: 'random-embedded-sqlite', killed: 'gateway, and its broker with it, and services' },
    shows: 'at named points, at any moment, and stopped for seconds, several at the same time.',
    ...{ between: anyMoment, stage: { ...embeddedSqlite, services: 2 }, disturb: killAnything },
    ...{ mayForwardAgain: true, mayRunTwice: true },
  },
  {
    ...{ name: 'random-classic-postgres', killed: 'every part', between: anyMoment },
    shows:
      'three gateways, two services, the broker and the store, each again and again, several at the same time.',
    ...{ stage: { ...classicPostgres, services: 2 }, disturb: killAnything },
    ...{ mayForwardAgain: true, mayRunTwice: true },
  },
];
