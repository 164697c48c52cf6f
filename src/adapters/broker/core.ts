import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { BrokerLimits } from './limits.js';
import type { MessageLog } from './message-log.js';
import type { Room } from './room.js';

/** What every part of a running broker shares. */
export interface BrokerCore extends Room {
  readonly log: MessageLog;
  readonly limits: BrokerLimits;
  /** Names of queues that are made whatever the limit. */
  readonly freeQueues: ReadonlySet<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Messages taken from and given to clients since the start. */
  readonly traffic: { sent: number; delivered: number };
}
