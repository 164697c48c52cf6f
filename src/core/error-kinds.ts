/**
 * Every way in which the product itself can fail, in one table. HTTP problems, CLI exit codes, Faults
 * on the wire, the problem pages and the reference page are read from it; nothing else maps a code.
 */

export interface ErrorKind {
  /** Who can do something about it: the caller, the request's course, the broker, the store, the operator. */
  readonly category: 'input' | 'state' | 'broker' | 'store' | 'start' | 'internal';
  /** Status of the HTTP answer. */
  readonly httpStatus: number;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean;
  /** Exit code of the CLI: 2 wrong use, 3 not found, 4 fault, 5 expired, 6 cancelled, 7 unavailable, 1 else. */
  readonly exitCode: number;
  /** One sentence for people; the title of the problem. */
  readonly sentence: string;
}

const input = { category: 'input', retryable: false, exitCode: 2 } as const;
const start = { category: 'start', httpStatus: 500, retryable: false, exitCode: 2 } as const;
const away = { httpStatus: 503, retryable: true, exitCode: 7 } as const;

export const errorKinds = {
  INVALID_REQUEST: {
    ...input,
    httpStatus: 400,
    sentence: 'A header, parameter or path of the request is not acceptable.',
  },
  BODY_UNREADABLE: {
    ...input,
    httpStatus: 400,
    sentence: 'The body ended before its announced length or could not be read.',
  },
  NOT_AUTHENTICATED: {
    ...input,
    httpStatus: 401,
    sentence: 'The call carries no token that is known here.',
  },
  NOT_PERMITTED: {
    ...input,
    httpStatus: 403,
    sentence: 'The name that calls has no right to do this.',
  },
  AUTHENTICATION_UNAVAILABLE: {
    ...away,
    category: 'state',
    sentence: 'Who calls cannot be found out at present.',
  },
  DESTINATION_NOT_ALLOWED: {
    ...input,
    httpStatus: 403,
    sentence: 'The queue is outside of what this gateway may use.',
  },
  ORIGIN_NOT_ALLOWED: {
    ...input,
    httpStatus: 403,
    sentence: 'Web pages of this origin may not call this gateway.',
  },
  ROUTE_NOT_FOUND: {
    ...input,
    httpStatus: 404,
    exitCode: 3,
    sentence: 'No resource and no route has this path.',
  },
  NOT_A_GATEWAY: {
    ...input,
    httpStatus: 421,
    sentence: 'This process takes no calls: it has other roles than gateway.',
  },
  REQUEST_NOT_FOUND: {
    ...input,
    httpStatus: 404,
    exitCode: 3,
    sentence: 'No request with this id is kept here.',
  },
  METHOD_NOT_ALLOWED: { ...input, httpStatus: 405, sentence: 'The resource does not offer this method.' },
  BODY_TOO_LARGE: { ...input, httpStatus: 413, sentence: 'The body is larger than this gateway accepts.' },
  UNSUPPORTED_CONTENT: {
    ...input,
    httpStatus: 415,
    sentence: 'The content type or encoding cannot be read here.',
  },
  SCHEMA_MISMATCH: {
    ...input,
    httpStatus: 422,
    sentence: 'The body is not what its JSON Schema asks for.',
  },
  IDEMPOTENCY_MISMATCH: {
    ...input,
    httpStatus: 422,
    sentence: 'The message id was used before for other content.',
  },
  MESSAGE_ID_TAKEN: {
    ...input,
    httpStatus: 409,
    sentence: 'The message id belongs to a request of somebody else.',
  },

  REPLY_FAULT: {
    category: 'state',
    httpStatus: 502,
    retryable: false,
    exitCode: 4,
    sentence: 'The service answered with a fault.',
  },
  REQUEST_EXPIRED: {
    category: 'state',
    httpStatus: 504,
    retryable: false,
    exitCode: 5,
    sentence: 'The request expired before a reply came.',
  },
  REQUEST_CANCELLED: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    exitCode: 6,
    sentence: 'The request was cancelled.',
  },
  REQUEST_ENDED: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    // Not 6: whoever cancels would take it for done.
    exitCode: 1,
    sentence: 'The request has ended already and cannot be cancelled.',
  },
  LEASE_NOT_FOUND: {
    ...input,
    httpStatus: 404,
    exitCode: 3,
    sentence: 'No such lease of this queue is known.',
  },
  LEASE_ENDED: {
    category: 'state',
    httpStatus: 410,
    retryable: false,
    exitCode: 6,
    sentence: 'The lease has ended; the message is no longer held by it.',
  },
  LETTER_NOT_FOUND: {
    ...input,
    httpStatus: 404,
    exitCode: 3,
    sentence: 'No dead letter, invalid message or unmatched reply of this name is kept here.',
  },
  LETTER_CHANGED: {
    category: 'state',
    httpStatus: 412,
    retryable: false,
    exitCode: 1,
    sentence: 'The letter is not as it was when the caller looked at it.',
  },
  LETTER_INCOMPLETE: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    sentence: 'The letter does not say all that would have to be sent.',
  },
  TOO_MANY_DELIVERIES: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    exitCode: 1,
    sentence: 'The limit of deliveries of one request is reached.',
  },
  NO_REPLY_ADDRESS: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    exitCode: 2,
    sentence: 'The message expects no reply.',
  },
  REPLY_TOKEN_WRONG: {
    ...input,
    httpStatus: 403,
    sentence: 'The Reply-Token is not the one that came with the request.',
  },
  TOO_MANY_REPLIES: {
    category: 'state',
    httpStatus: 409,
    retryable: false,
    exitCode: 6,
    sentence: 'The limit of replies kept of one request is reached.',
  },
  WAIT_ABORTED: {
    category: 'state',
    httpStatus: 499,
    retryable: true,
    exitCode: 6,
    sentence: 'The caller stopped waiting; the request goes on.',
  },
  TOO_MANY_PENDING: {
    category: 'state',
    httpStatus: 429,
    retryable: true,
    exitCode: 7,
    sentence: 'The limit of requests without a reply is reached.',
  },
  TOO_MANY_WAITING: {
    category: 'state',
    httpStatus: 429,
    retryable: true,
    exitCode: 7,
    sentence: 'The limit of callers waiting at the same time is reached.',
  },
  OUTBOX_FULL: {
    ...away,
    category: 'state',
    sentence: 'The broker is away and the limit of requests kept for it is reached.',
  },
  SHUTTING_DOWN: { ...away, category: 'state', sentence: 'This process is stopping and takes no new work.' },
  NO_REPLY_YET: {
    category: 'state',
    httpStatus: 504,
    retryable: true,
    exitCode: 7,
    sentence: 'No reply came within the wait; the request goes on.',
  },
  NO_MESSAGE: {
    category: 'state',
    httpStatus: 504,
    retryable: true,
    exitCode: 3,
    sentence: 'No message came within the wait.',
  },
  GATEWAY_UNAVAILABLE: {
    ...away,
    category: 'state',
    sentence: 'No gateway answers at the address, or it is not ready.',
  },

  BROKER_UNAVAILABLE: {
    ...away,
    category: 'broker',
    sentence: 'There is no connection to the broker; nothing was sent.',
  },
  SEND_UNCONFIRMED: {
    ...away,
    category: 'broker',
    sentence: 'The message was sent but the broker did not confirm it.',
  },
  RECEIPT_TIMEOUT: {
    ...away,
    category: 'broker',
    sentence: 'The broker did not confirm the message within the deadline; it may be full.',
  },
  BROKER_FULL: {
    ...away,
    category: 'broker',
    sentence: 'The broker has no room for the message at present.',
  },
  SEND_REFUSED: {
    category: 'broker',
    httpStatus: 502,
    retryable: false,
    exitCode: 7,
    sentence: 'The broker refused the message.',
  },
  SUBSCRIBE_REFUSED: {
    category: 'broker',
    httpStatus: 502,
    retryable: false,
    exitCode: 7,
    sentence: 'The broker refused the subscription.',
  },
  BROKER_LOGIN_REFUSED: { ...away, category: 'broker', sentence: 'The broker refused the login.' },
  BROKER_UNSUPPORTED: {
    ...start,
    category: 'broker',
    sentence: 'This kind of broker is not supported.',
  },
  INVALID_MESSAGE: {
    category: 'broker',
    httpStatus: 502,
    retryable: false,
    exitCode: 4,
    sentence: 'A message cannot be read as what its queue carries.',
  },

  STORE_UNAVAILABLE: {
    ...away,
    category: 'store',
    sentence: 'The store does not answer; nothing was accepted.',
  },
  STORE_LOCKED: { ...start, category: 'store', sentence: 'Another process uses the data folder.' },
  STORE_CORRUPT: { ...start, category: 'store', sentence: 'The database file is damaged or is no database.' },
  STORE_NEWER: { ...start, category: 'store', sentence: 'The database was written by a newer version.' },

  INVALID_CONFIGURATION: { ...start, sentence: 'The configuration has faults.' },
  INVALID_ARGUMENT: {
    ...start,
    sentence: 'An option given by the program, or the message itself, is not acceptable.',
  },
  PORT_TAKEN: { ...start, sentence: 'Another program listens on the port.' },
  PREFIX_TAKEN: { ...start, sentence: 'Another deployment uses the same prefix on this broker.' },
  INSTANCE_CONFLICT: { ...start, sentence: 'Another gateway of this deployment runs with other settings.' },

  INTERNAL: {
    category: 'internal',
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    sentence: 'Something failed that should not; the log has the cause.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;
