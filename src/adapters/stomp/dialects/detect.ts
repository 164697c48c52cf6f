import { ReplytoError } from '#core/errors.js';
import type { Dialect } from './dialect.js';
import { artemisDialect } from './artemis.js';
import { classicDialect } from './classic.js';
import { embeddedDialect } from './embedded.js';
import { rabbitmqDialect } from './rabbitmq.js';

export interface DetectedDialect {
  readonly dialect: Dialect;
  /** What the broker says it is, such as `ActiveMQ/6.3.1`; empty when it says nothing. */
  readonly server: string;
  readonly version: string;
}

/** The longest prefix first: Artemis begins like Classic. */
const known: readonly (readonly [prefix: string, dialect: Dialect])[] = [
  ['replyto-embedded', embeddedDialect],
  ['ActiveMQ-Artemis', artemisDialect],
  ['apache-activemq-artemis', artemisDialect],
  ['RabbitMQ', rabbitmqDialect],
  ['ActiveMQ', classicDialect],
];

/**
 * The dialect of the broker that sent this `server` header of CONNECTED, or the chosen one whatever it sent.
 *
 * @throws BROKER_UNSUPPORTED when no dialect fits: a guess could lose messages.
 */
export function detectDialect(server: string, chosen?: Dialect): DetectedDialect {
  if (chosen !== undefined) return { dialect: chosen, server, version: '' };
  const found = known.find(([prefix]) => server.toLowerCase().startsWith(prefix.toLowerCase()));
  const dialect = found?.[1];
  if (dialect === undefined) {
    throw new ReplytoError('BROKER_UNSUPPORTED', {
      detail: `the broker calls itself '${server}'; supported are ActiveMQ Classic, ActiveMQ Artemis, RabbitMQ and the embedded broker`,
    });
  }
  return { dialect, server, version: /\/(?<version>\S+)/u.exec(server)?.groups?.['version'] ?? '' };
}
