/** The parts of one row, each a real process. */
import { randomUUID } from 'node:crypto';
import { endAll } from '../../../bench/tools/end-all.js';
import { unlessAborted } from '../../../bench/tools/interruption.js';
import type { ClassicBroker } from '../../support/activemq.js';
import { startClassic } from '../../support/activemq.js';
import type { OwnPostgres } from '../../support/own-postgres.js';
import { startOwnPostgres } from '../../support/own-postgres.js';
import type { ChaosGateway } from './gateway.js';
import { startChaosGateway } from './gateway.js';
import type { ChaosService } from './service.js';
import { startChaosService } from './service.js';

/** What a row is played on. */
export interface Stage {
  readonly broker: 'classic' | 'embedded';
  readonly store: 'sqlite' | 'postgres';
  /** More than one needs PostgreSQL and Classic. */
  readonly gateways: number;
  readonly services: number;
}

export interface System {
  readonly stage: Stage;
  readonly gateways: readonly ChaosGateway[];
  readonly services: readonly ChaosService[];
  /** Null with the embedded one. */
  readonly broker: ClassicBroker | null;
  /** Null with SQLite. */
  readonly postgres: OwnPostgres | null;
  /** Of the broker, for services and for readers of the Reply-To queue. */
  readonly brokerUrl: string;
  /** Its service does not know what it did before. */
  readonly forgetfulQueue: string;
  /** Its service remembers what it answered. */
  readonly idempotentQueue: string;
  readonly replyTo: string;
  /** Starts everything anew, whatever became of it, so that what was accepted can still be counted. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A row cannot be played here: something is not installed. */
export class NotPlayable extends Error {}

/** @throws NotPlayable */
export async function startSystem(stage: Stage, signal: AbortSignal): Promise<System> {
  const ends: (() => Promise<void>)[] = [];
  const stop = (): Promise<void> => endAll(ends.splice(0).reverse());
  const name = randomUUID();
  const queues = {
    ...{ forgetfulQueue: `forgetful.${name}`, idempotentQueue: `idempotent.${name}` },
    replyTo: `answers.${name}`,
  };
  try {
    const broker =
      stage.broker === 'classic' ? await ended(startBroker(), (part) => part.stop(), { signal, ends }) : null;
    const postgres = stage.store === 'postgres' ? await ended(startStore(), remove, { signal, ends }) : null;
    const settings = {
      REPLYTO_PREFIX: `chaos-${name}`,
      ...(postgres === null ? {} : { STORE_URL: postgres.url }),
    };
    const options = { settings, ...(broker === null ? {} : { brokerUrl: broker.url }) };
    const gateways = await Promise.all(
      Array.from({ length: stage.gateways }, () =>
        ended(startChaosGateway(options), remove, { signal, ends }),
      ),
    );
    const brokerUrl = broker?.url ?? gateways[0]?.brokerUrl ?? '';
    const services = await Promise.all(
      Array.from({ length: stage.services }, (_, index) => {
        const served = [queues.forgetfulQueue, ...(index === 0 ? [queues.idempotentQueue] : [])];
        return ended(
          startChaosService({ brokerUrl, prefix: settings.REPLYTO_PREFIX, queues: served }),
          remove,
          { signal, ends },
        );
      }),
    );
    return {
      ...{ stage, gateways, services, broker, postgres, brokerUrl, stop, ...queues },
      async restart() {
        await postgres?.restart();
        await broker?.restart();
        for (const gateway of gateways) {
          gateway.plan(null);
          await gateway.kill();
          await gateway.restart();
        }
        for (const service of services) await service.restart();
      },
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function startBroker(): Promise<ClassicBroker> {
  try {
    return await startClassic();
  } catch (error) {
    throw new NotPlayable(`no ActiveMQ Classic: ${String(error)}`, { cause: error });
  }
}

async function startStore(): Promise<OwnPostgres> {
  const server = await startOwnPostgres();
  if ('unavailable' in server) throw new NotPlayable(server.unavailable);
  return server;
}

type Ends = (() => Promise<void>)[];

const remove = (part: { remove(): Promise<void> }): Promise<void> => part.remove();

/** What comes up when nobody waits for it any more is ended, too. */
function ended<T>(
  starting: Promise<T>,
  end: (part: T) => Promise<void>,
  { signal, ends }: { readonly signal: AbortSignal; readonly ends: Ends },
): Promise<T> {
  ends.push(() => starting.then(end, () => undefined));
  return unlessAborted(starting, signal);
}
