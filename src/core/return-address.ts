import type { Destination, OwnDestinations } from './destination.js';
import { queueNameProblem } from './destination.js';
import type { Message, MessageProperties } from './message.js';

/**
 * Return Address (https://www.enterpriseintegrationpatterns.com/ReturnAddress.html): all that is needed to answer a
 * request later, from any process. Plain data: it may be kept as JSON for days.
 */
export interface ReturnAddress {
  readonly replyTo: Destination;
  /** Correlation id of the reply. */
  readonly correlationId: string;
  /** What the reply carries over from the request. */
  readonly properties: MessageProperties;
}

/** Null when the request expects no reply. */
export function returnAddressOf(request: Message, requestDigest?: string): ReturnAddress | null {
  if (request.replyTo === null) return null;
  const { conversationId, project, storeId, traceparent, tracestate, baggage, contentDigest } =
    request.properties;
  return {
    replyTo: request.replyTo,
    // A JMS requestor that chose a correlation id of its own expects that one back.
    correlationId: request.correlationId ?? request.messageId,
    properties: {
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(project === undefined ? {} : { project }),
      ...(storeId === undefined ? {} : { storeId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
      ...(baggage === undefined ? {} : { baggage }),
      ...(contentDigest === undefined || requestDigest === undefined ? {} : { requestDigest }),
    },
  };
}

/** How a reply address begins that only its broker reads; with another scheme it is none of a queue. */
const opaqueStart = /^(?:\/|temp-(?:queue|topic):\/\/)/u;
/** RabbitMQ's names of queues that belong to a client; all others that begin so are its own. */
const ofClient = /^\/(?:reply-queue|amq\/queue)\/amq\.(?:gen-|rabbitmq\.reply-to\.)/u;

/**
 * Says why this product sends no reply there for somebody who may reach its queue, but perhaps no other: whoever sends a
 * message writes any address. Undefined for a plain queue or topic that is nobody's own, for the product's own replies,
 * and for what only the broker reads, such as a temporary queue, unless one of its names is reserved.
 */
export function replyAddressProblem(own: OwnDestinations, { kind, name }: Destination): string | undefined {
  if (kind === 'opaque' && ofClient.test(name)) return undefined;
  if (kind === 'opaque' && !opaqueStart.test(name)) return 'is no address of a queue';
  // An address may carry its meaning in front of the name; which one, depends on the broker and how it is set up.
  const names = (kind === 'opaque' ? name.replace(opaqueStart, '') : name).split('/');
  const isReserved = names.some((part) => part !== own.replies.name && own.isReserved(part));
  if (isReserved) return 'belongs to this product or to the broker';
  const isPlain = [...names, names.join('.')].every(
    (part) => queueNameProblem('reply-to', part) === undefined,
  );
  return isPlain ? undefined : 'does not name one plain queue';
}
