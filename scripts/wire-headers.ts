/** What each header of a message says; a test holds the names against those that are written. */
export const wireHeaders: Readonly<Record<string, string>> = {
  'Message-ID':
    'Identity of the message: of a request also its idempotency key. Absent: the id of the broker counts.',
  'reply-to': 'Where a reply goes, in the syntax of the broker. Absent: none is expected.',
  'correlation-id':
    'On a reply the `Message-ID` of its request. On a request its own id, for JMS services that copy it.',
  'Correl-ID': 'On a reply the same as `correlation-id`.',
  Time: 'Epoch milliseconds at the sender.',
  timestamp: 'The same, for ActiveMQ Classic, where JMS clients read it.',
  'content-type': 'Type of the body. Absent: text is `text/plain`, bytes are `application/octet-stream`.',
  'Content-Digest': 'SHA-256 of the body of a request (RFC 9530).',
  'Request-Digest':
    'On a reply the digest of the request as the service saw it; makes `verified` in the status.',
  'Deadline-Ms': 'Milliseconds that were left when it was sent.',
  'Expires-At': 'Epoch milliseconds after which nobody waits for a reply.',
  Attempt: '1, 2, ...: how often a service was given it.',
  Resend: 'How often the gateway sent it again.',
  'Conversation-ID': 'The `Correl-ID` that the HTTP caller gave; carried on, never used for matching.',
  Project: 'The project that the request belongs to, or the status event is of.',
  Sequence: 'Of a status event on the topic of its project: 1, 2, 3, ... for each project, without gaps.',
  Kind: 'Of a status event: `progress`, `success`, `failure`, `log` or `user-action`.',
  Subject: 'Of a status event: what it is about, such as the id of a request.',
  Fault: '`true`: the body is a fault, `schemas/fault.v1.json`.',
  Schema: '`name@version` of the schema of the body.',
  'Store-ID': 'Identity of the store that holds the request; a reply that carries it may carry it back.',
  'Reply-Token': 'Lets a service answer by `POST /requests/{id}/reply`.',
  'Forward-Headers': 'Names of the headers that travel with the message besides those that begin with `X-`.',
  priority: '0-9.',
  traceparent: 'W3C Trace Context.',
  tracestate: 'W3C Trace Context.',
  baggage: 'W3C Baggage.',
};
