/** All rows, in the order of the crash table. */
import type { Stage } from '../parts/system.js';
import type { CrashPoint } from '../points/crash-point.js';
import { killAtPoint } from './kill-at-point.js';
import type { Row } from './row.js';

const between: Readonly<Record<CrashPoint, string>> = {
  accepted: 'accept and send',
  sent: 'send and receipt',
  'reply-received': 'reply received and commit',
  'reply-committed': 'commit and acknowledge',
  'forward-claimed': 'commit and forward to Reply-To',
  forwarded: 'forward to Reply-To and its record',
};

const stages = {
  'classic-sqlite': { broker: 'classic', store: 'sqlite', gateways: 1, services: 1 },
} as const satisfies Readonly<Record<string, Stage>>;

function atPoint(point: CrashPoint, stageName: keyof typeof stages): Row {
  return {
    name: `${point}-${stageName}`,
    killed: 'gateway',
    between: between[point],
    stage: stages[stageName],
    mayForwardAgain: true,
    mayRunTwice: false,
    disturb: (scene) => killAtPoint(point, scene),
  };
}

export const rows: readonly Row[] = [atPoint('accepted', 'classic-sqlite')];
