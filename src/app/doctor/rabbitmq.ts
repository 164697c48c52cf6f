/** What is special about RabbitMQ when it does not answer, or answers no. */
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { Clock } from '#core/ports/clock.js';
import { probeAmqp } from './amqp-probe.js';

/** Of AMQP, unless it was configured. */
export const amqpPort = 5672;

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

/** What to do about a RabbitMQ that speaks AMQP alone: its STOMP plugin is off unless it was enabled. */
export const pluginRemedy =
  'enable its STOMP plugin (rabbitmq-plugins enable rabbitmq_stomp) and name the port of that, 61613 unless it was configured';

export interface AmqpServer {
  /** `RabbitMQ 3.10.8` */
  readonly server: string;
  readonly host: string;
  readonly port: number;
  /** It is at the very port that the address names. */
  readonly isAsked: boolean;
}

/** Looks for AMQP at the port of each endpoint, then at `alsoAt` of its host. */
export async function findAmqp(
  url: string,
  { withinMs, clock, alsoAt }: { withinMs: number; clock: Clock; alsoAt: readonly number[] },
): Promise<AmqpServer | undefined> {
  for (const { host, port: asked } of parseBrokerUrl(url).endpoints) {
    for (const port of new Set([asked, ...alsoAt])) {
      const server = await probeAmqp({ host, port, withinMs, clock });
      if (server !== undefined) return { server, host, port, isAsked: port === asked };
    }
  }
  return undefined;
}
