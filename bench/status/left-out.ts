import type { Plan } from './plan.js';
import type { LeftOut } from './results.js';
import type { System } from './system.js';
import type { Variant } from './variants.js';

/** Connections that the embedded broker takes, less some for the gateway and the service. */
const mostAtEmbedded = 900;

/** What of the plan cannot be measured with these parts. */
export function findLeftOut(
  { variants, clients }: Pick<Plan, 'variants' | 'clients'>,
  { database, brokerKind }: Pick<System, 'database' | 'brokerKind'>,
): LeftOut[] {
  return variants.flatMap(({ id, title, reading, publishing, awayOnly }): LeftOut[] => {
    if (publishing.to === 'database' && database === null) {
      return [{ variant: id, clients: null, why: `Without PostgreSQL, not measured: ${title}.` }];
    }
    if (reading.by !== 'topic') return [];
    if (reading.durable && brokerKind === 'rabbitmq') {
      return [{ variant: id, clients: null, why: `RabbitMQ has none, so not measured: ${title}.` }];
    }
    if (brokerKind !== 'embedded' || awayOnly === true) return [];
    return clients
      .filter((count) => count > mostAtEmbedded)
      .map((count) => ({
        variant: id,
        clients: count,
        why: `The embedded broker takes 1,000 connections, so not measured with ${count} clients: ${title}.`,
      }));
  });
}

export function isLeftOut(leftOut: readonly LeftOut[], { id }: Variant, clients: number | null): boolean {
  return leftOut.some((one) => one.variant === id && (one.clients === null || one.clients === clients));
}
