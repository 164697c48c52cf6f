/** Names that the product or STOMP uses itself; an application header of that name never travels. */
const taken: ReadonlySet<string> = new Set(
  (
    'message-id correl-id correlation-id reply-to time timestamp project conversation-id deadline-ms expires-at ' +
    'attempt resend fault schema store-id reply-token content-digest request-digest forward-headers traceparent ' +
    'tracestate baggage idempotency-key prefer request-timeout message-priority content-type content-length ' +
    'content-encoding transfer-encoding connection host destination receipt receipt-id transaction id ack ' +
    'subscription persistent expires expiration priority type redelivered heart-beat login passcode session ' +
    'server version accept-version selector authorization cookie'
  ).split(' '),
);

/**
 * Whether a header, by its lower-case name, may travel with a message besides those that begin with `x-`: it has
 * no meaning for the product, for STOMP or for a broker, and says nothing about the connection or its login.
 */
export function isForwardableHeader(name: string): boolean {
  return !taken.has(name) && !/^(?:x-forwarded-|x-real-ip$|_amq|jms|amq|activemq)/u.test(name);
}
