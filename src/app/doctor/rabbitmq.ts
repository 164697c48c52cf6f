/** What is special about RabbitMQ when it does not answer, or answers no. */
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { Clock } from '#core/ports/clock.js';
import { probeAmqp } from './amqp-probe.js';

const amqpPort = 5672;

const refusals: readonly (readonly [said: RegExp, remedy: string])[] = [
  [
    /Virtual host '.*' access denied/u,
    'make the virtual host (rabbitmqctl add_vhost) and let this login in (rabbitmqctl set_permissions -p), or name another by BROKER_VIRTUAL_HOST or as the path of a stomp:// address',
  ],
  [
    /non-loopback access denied/u,
    'RabbitMQ lets guest in from its own machine alone: make another user (rabbitmqctl add_user, set_permissions) and give its name by BROKER_LOGIN and BROKER_PASSCODE',
  ],
  [
    /ACCESS_REFUSED - access to /u,
    'give this login the rights to configure, write and read (rabbitmqctl set_permissions -p VHOST USER CONFIGURE WRITE READ): its queues, those of the prefix, stomp-subscription-.*, and to write to the exchanges amq.default and amq.topic',
  ],
  [
    /PRECONDITION_FAILED - inequivalent arg/u,
    'the queue exists with other arguments: delete it, and give it what it needs by a policy, or by the default queue type of its virtual host',
  ],
];

/** What to do about a refusal that only RabbitMQ words like this. */
export function rabbitmqRemedy(said: string): string | undefined {
  return refusals.find(([pattern]) => pattern.test(said))?.[1];
}

export interface ForgottenPlugin {
  readonly says: string;
  readonly remedy: string;
}

/**
 * Looks for RabbitMQ by AMQP where nothing speaks STOMP, because the STOMP plugin is off unless it was enabled: at the
 * port that was asked, and at `otherPort`, 5672 unless null.
 */
export async function findForgottenPlugin(
  url: string,
  { withinMs, clock, otherPort = amqpPort }: { withinMs: number; clock: Clock; otherPort?: number | null },
): Promise<ForgottenPlugin | undefined> {
  const { endpoints } = parseBrokerUrl(url);
  for (const { host, port } of endpoints) {
    for (const asked of new Set([port, otherPort ?? port])) {
      const server = await probeAmqp({ host, port: asked, withinMs, clock });
      if (server === undefined) continue;
      return {
        says: `${server} at ${host}:${asked} speaks AMQP alone`,
        remedy: `enable its STOMP plugin (rabbitmq-plugins enable rabbitmq_stomp) and name the port of that, 61613 unless it was configured`,
      };
    }
  }
  return undefined;
}
