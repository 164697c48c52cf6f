/** What each code of core/error-kinds.ts means and what to do about it, for people. Problem pages and docs/errors.md read it. */
import type { ErrorCode } from './error-kinds.js';

export interface ErrorRemedy {
  /** When it happens, and what became of the request. */
  readonly meaning: string;
  /** What whoever meets it does next. */
  readonly remedy: string;
}

const nothingHappened = 'Nothing was stored and nothing was sent.';

/** One for each code: the compiler asks for it. */
export const errorRemedies: Readonly<Record<ErrorCode, ErrorRemedy>> = {
  INVALID_REQUEST: {
    meaning: `Something outside of the body cannot be used as it was given; \`problems\` lists all of it at once. ${nothingHappened}`,
    remedy: 'Correct each field named in `problems`; `allowed` says what may stand there.',
  },
  BODY_UNREADABLE: {
    meaning: `The connection ended in the middle of the body, its length differs from \`Content-Length\`, or it is not what \`Content-Encoding\` says. ${nothingHappened}`,
    remedy: 'Send the whole body again, with the encoding that the header names or with neither.',
  },
  NOT_AUTHENTICATED: {
    meaning: `The gateway asks who calls, and the call has no \`Authorization: Bearer\`, or its token is unknown, withdrawn, or a JWT that has expired or breaks a rule. ${nothingHappened}`,
    remedy:
      'Send the token as it was given out, whole. A new one is made by `replyto token NAME`; a JWT is fetched again from whoever issues it.',
  },
  NOT_PERMITTED: {
    meaning: `The token is good, but its name may not ask this queue, read it, name this \`Reply-To\` or this \`Project\`, or use \`/broker\`. ${nothingHappened}`,
    remedy:
      'Have the operator widen the entry of the name in `authTokensFile`, or the claims of its JWT; `problems` names what was refused.',
  },
  AUTHENTICATION_UNAVAILABLE: {
    meaning: `The keys that JWTs are checked with cannot be fetched from \`jwt.jwksUrl\`, so nobody can say whether the token is good. ${nothingHappened}`,
    remedy:
      'Try again in a few seconds. The log of the gateway has the cause; tokens of `authTokensFile` go on working.',
  },
  DESTINATION_NOT_ALLOWED: {
    meaning: `The queue or the \`Reply-To\` belongs to the product or to the broker itself, or \`allow.queues\`, \`allow.replyTo\` or \`allow.read\` leaves it out. ${nothingHappened}`,
    remedy: 'Choose another queue, or have the operator add a pattern for it. The own queues stay closed.',
  },
  ORIGIN_NOT_ALLOWED: {
    meaning: `A browser called on behalf of a page from somewhere else. ${nothingHappened}`,
    remedy: 'Add the origin of the page to `http.allowedOrigins`, or open the page from the gateway itself.',
  },
  ROUTE_NOT_FOUND: {
    meaning: 'The path is neither a resource of this gateway nor a path of its `routes`.',
    remedy:
      'Check the spelling, upper and lower case included; /openapi.json lists every path. `POST /requests/{queue}` asks any queue without a route.',
  },
  NOT_A_GATEWAY: {
    meaning: `The call came to a process without \`gateway\` among its \`roles\`. It answers \`/livez\`, \`/readyz\`, \`/metrics\`, \`/version\` and \`/problems\` alone. ${nothingHappened}`,
    remedy:
      'Call a process that has the role `gateway`; the operator leaves the others out of the load balancer.',
  },
  REQUEST_NOT_FOUND: {
    meaning:
      'The id was never accepted here, the request ended longer ago than `retention.finalMs` and was removed, or, where callers log in, another name posted it.',
    remedy:
      'Check the id against the `Location` of the 202. When nothing was accepted, posting again with the same `Message-ID` is safe.',
  },
  METHOD_NOT_ALLOWED: {
    meaning: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the `Allow` header of the answer.',
  },
  BODY_TOO_LARGE: {
    meaning: `The body, unpacked, has more bytes than \`http.maxBodyBytes\`. ${nothingHappened}`,
    remedy: 'Send less, or raise `http.maxBodyBytes`; the broker and the services must bear it too.',
  },
  UNSUPPORTED_CONTENT: {
    meaning: `The body has a \`Content-Encoding\` that the gateway cannot undo. ${nothingHappened}`,
    remedy: 'Send it with gzip, deflate, br or without an encoding.',
  },
  SCHEMA_MISMATCH: {
    meaning: `The body is no JSON, or not as the JSON Schema of the route wants it; \`problems\` names the places. ${nothingHappened}`,
    remedy: 'Correct the places named in `problems` and post again.',
  },
  IDEMPOTENCY_MISMATCH: {
    meaning:
      'A request with this `Message-ID` was accepted before, and its body, queue or `Reply-To` differs from this one. The first goes on; this one was not stored and not sent.',
    remedy:
      'Take a new `Message-ID` for a new request; repeat an old one byte for byte. `GET /requests/{id}` shows the first.',
  },
  MESSAGE_ID_TAKEN: {
    meaning: `A request of somebody else has this \`Message-ID\`. ${nothingHappened}`,
    remedy: 'Take another `Message-ID`, best a UUID.',
  },

  REPLY_FAULT: {
    meaning:
      'The request reached its service, and the service answered that it could not do it. `fault` is what it said; the HTTP status is its own, or 502.',
    remedy:
      'Read `fault.code` and `fault.message`. When `fault.retryable` is true, ask again with a new `Message-ID`: the old id keeps giving this answer.',
  },
  REQUEST_EXPIRED: {
    meaning:
      'No reply came before the deadline of the request. The service may have done the work all the same; a reply that comes now is kept as late.',
    remedy:
      'Look whether the service runs, give it longer by `Request-Timeout` or `timeoutMs`, and ask again with a new `Message-ID`. `GET /requests/{id}/reply` gives a late reply.',
  },
  REQUEST_CANCELLED: {
    meaning:
      'Somebody cancelled the request before a reply came. A service that had begun may have finished all the same.',
    remedy: 'Ask again with a new `Message-ID` if the answer is wanted after all.',
  },
  REQUEST_ENDED: {
    meaning: 'The request was replied to, faulted, expired or completed before the cancel came.',
    remedy: 'Read its end at `GET /requests/{id}`; there is nothing left to cancel.',
  },
  LEASE_NOT_FOUND: {
    meaning:
      'The lease is not one of this queue, another name holds it, or it ended more than an hour ago. Nothing was changed.',
    remedy: 'Use queue and `Lease` exactly as they came with the message, or read the next message.',
  },
  LEASE_ENDED: {
    meaning:
      'The lease ran out, was released, or was ended in another way; `detail` says how and when. A message whose lease ran out went back to its queue with a raised `Attempt`, and somebody else may be working on it. Nothing was changed.',
    remedy:
      'Drop what was done, or make it harmless to do it twice. Ask for a longer lease with `Lease-Seconds`, or renew it in time.',
  },
  LETTER_NOT_FOUND: {
    meaning:
      'It was sent again, matched or dropped already, an unmatched reply is older than `retention.finalMs`, there never was one, or, where callers log in, the name may not read the queue that it is of.',
    remedy: 'List what there is with `GET /dead-letters` or `GET /unmatched-replies`.',
  },
  LETTER_CHANGED: {
    meaning:
      'Somebody else edited it meanwhile, or the `If-Match` of the call names another version. Nothing was changed and nothing was sent.',
    remedy: 'Look at it again, and repeat the call with its new `ETag`.',
  },
  LETTER_INCOMPLETE: {
    meaning:
      'Nobody can say what would have to be sent, and to where: a stranger put it straight on a queue of the product, or an earlier version kept it. Nothing was changed and nothing was sent.',
    remedy: 'Look at its body; send a new request or reply in its place if it is wanted, and drop it.',
  },
  TOO_MANY_DELIVERIES: {
    meaning: 'A hundred deliveries of the reply of this request are kept already. This one was not added.',
    remedy: 'Read the reply with `GET /requests/{id}/reply` instead, or from a queue that has it.',
  },
  NO_REPLY_ADDRESS: {
    meaning:
      'The message names no `Reply-To`, so nobody waits for a reply; or it names one where nothing may be sent for a stranger: a queue or topic of this product or of the broker, or no one plain name. `detail` says which. A leased message stays leased; to a request that expects no reply no delivery is added.',
    remedy: 'Acknowledge a leased message with `DELETE`.',
  },
  REPLY_TOKEN_WRONG: {
    meaning: `The \`Reply-Token\` is missing, or it is not the one of this request. ${nothingHappened}`,
    remedy: 'Send the `Reply-Token` header of the request message, as it came.',
  },
  TOO_MANY_REPLIES: {
    meaning:
      'A hundred different replies to the request are kept already, the first of them as its answer. This one was not stored.',
    remedy: 'Stop: one reply answers a request. To repeat a reply give it the same `Message-ID`.',
  },
  WAIT_ABORTED: {
    meaning: 'The caller ended its wait before the reply came.',
    remedy: 'Read the reply later by the id of the request, or ask again with the same id and join it.',
  },
  TOO_MANY_PENDING: {
    meaning: `As many requests are without an end as \`requests.maxPending\` allows, or, where callers log in, as it allows one name, which is half of it at most; or as many for this queue as \`maxPending\` of its route or \`requests.maxPendingPerQueue\` allows, and \`destination\` names it. ${nothingHappened}`,
    remedy:
      'Wait as long as `Retry-After` says, which is how long it takes until a request ends as fast as they do now, and post again with the same `Message-ID`. If it stays so, the services do not keep up.',
  },
  TOO_MANY_WAITING: {
    meaning: `As many callers are kept waiting as \`requests.maxWaiting\` allows, or, where callers log in, as it allows one name, which is half of it at most; or as many queues are read; or ten calls on one connection, or a hundred calls of one connection have no answer yet, or more bytes of bodies come than \`http.maxIncomingBytes\` allows. ${nothingHappened}`,
    remedy: 'Post with `Prefer: respond-async` and come back for the reply, or wait as `Retry-After` says.',
  },
  OUTBOX_FULL: {
    meaning: `The broker does not take messages at present and \`outbox.maxPending\` requests wait for it already. ${nothingHappened}`,
    remedy:
      'Wait as long as `Retry-After` says and post again with the same `Message-ID`; the operator looks after the broker.',
  },
  SHUTTING_DOWN: {
    meaning: 'The process was told to end. What it accepted before is in the store and goes on later.',
    remedy: 'Call again; another instance or the next start takes the call.',
  },
  NO_REPLY_YET: {
    meaning: 'The wait is over and the request is still open; it goes on, and its reply will be kept.',
    remedy: 'Read the reply later by the id of the request, or wait longer.',
  },
  NO_MESSAGE: {
    meaning: 'The queue gave nothing while the call waited.',
    remedy: 'Wait longer, or check the name of the queue and who writes to it.',
  },
  GATEWAY_UNAVAILABLE: {
    meaning: 'Nothing answers at the address, or what answers is no gateway that is ready.',
    remedy:
      'Check the address (`--url` or `REPLYTO_URL`) and that the gateway runs: `/readyz?verbose` says why it is not ready.',
  },

  BROKER_UNAVAILABLE: {
    meaning: 'No connection to the broker is up, so this message was not written at all.',
    remedy: 'Check `broker.url` and the broker. A gateway connects again by itself; a program tries again.',
  },
  SEND_UNCONFIRMED: {
    meaning: 'The connection ended between the message and its receipt: it may be on the broker or not.',
    remedy: 'Send it again with the same `Message-ID`; services with `idempotency` run it once.',
  },
  RECEIPT_TIMEOUT: {
    meaning:
      'The message was written, and the broker did not confirm it within `broker.receiptTimeoutMs`; a full broker does so. It may be on the queue or not.',
    remedy:
      'Look at the disk, the memory limit and the consumers of the broker; the message is tried again by itself when a gateway sent it.',
  },
  BROKER_FULL: {
    meaning:
      'The broker answered that a queue, its memory or its disk is full. Of what was under way with the message it may have taken some.',
    remedy:
      'Make room at the broker: consume, free its disk or raise its limits. The message is tried again by itself when a gateway sent it.',
  },
  SEND_REFUSED: {
    meaning: 'The broker answered the message with an error; it is not on the queue.',
    remedy: 'Read the detail: usually a missing permission or a queue that may not be made.',
  },
  SUBSCRIBE_REFUSED: {
    meaning: 'The broker answered the subscription with an error; nothing is received.',
    remedy: 'Give the login the right to read from the queue, and to make it where it does not exist.',
  },
  BROKER_LOGIN_REFUSED: {
    meaning: 'The broker does not know the login or its password.',
    remedy: 'Check `broker.login` and `broker.passcode` or `broker.passcodeFile`.',
  },
  BROKER_UNSUPPORTED: {
    meaning: 'The other side speaks no STOMP 1.2 or 1.1, or is a broker that this product does not know.',
    remedy: 'Point `broker.url` at the STOMP port of ActiveMQ, often 61613.',
  },
  INVALID_MESSAGE: {
    meaning: 'A message came that is not what its queue carries. It was put aside, not lost.',
    remedy: 'Correct its sender by what the reason names.',
  },

  STORE_UNAVAILABLE: {
    meaning: 'The commit to the store failed, so the call changed nothing.',
    remedy:
      'Wait as long as `Retry-After` says and repeat the call with the same `Message-ID`; the operator looks at the disk of `dataDir`, or at PostgreSQL.',
  },
  STORE_LOCKED: {
    meaning: 'Two processes may not share one data folder, and another one runs with it.',
    remedy:
      'Stop the other process, probably another replyto, or give this one a folder of its own with `--data-dir` or `DATA_DIR`.',
  },
  STORE_CORRUPT: {
    meaning: 'The database cannot be read. It was not changed.',
    remedy: 'Keep a copy of the file, then restore a backup or start with an empty `dataDir`.',
  },
  STORE_NEWER: {
    meaning: 'The database has a layout that only a newer version of this product knows.',
    remedy: 'Start the newer version again; there is no way back to an older one.',
  },

  INVALID_CONFIGURATION: {
    meaning: 'Settings of the file, the environment or the flags are wrong; all of them are listed.',
    remedy: 'Correct each of them. `docs/configuration.md` describes every key.',
  },
  INVALID_ARGUMENT: {
    meaning:
      'A program gave the library an option or a value that it cannot use, or a message is one that the broker never takes: too large, or bytes over a WebSocket that carries text alone. Nothing was sent.',
    remedy:
      'Correct the option that `problems` names. Make the message smaller, raise the limit of the broker (`wireFormat.maxFrameSize` of ActiveMQ), or connect with `stomp://`.',
  },
  PORT_TAKEN: {
    meaning: 'The port that this process should listen on is in use.',
    remedy:
      'Stop the other program, or choose another port with `--port` or `PORT`, for the embedded broker with `--broker-port` or `BROKER_PORT`.',
  },
  PREFIX_TAKEN: {
    meaning:
      'A deployment with another store takes replies under the same prefix; both would eat the replies of the other.',
    remedy:
      'Give each deployment on a broker a `prefix` of its own (`--prefix` or `REPLYTO_PREFIX`), or let them share one store.',
  },
  INSTANCE_CONFLICT: {
    meaning:
      'Gateways that share a store have to agree on prefix, broker, routes, allowed queues and retention, and on the layout of the database; one that runs differs in what the error names.',
    remedy:
      'Give all of them the same settings. To change them, or to upgrade to a version with another layout, stop all and start them again; one that was killed counts as running for 30 seconds.',
  },

  INTERNAL: {
    meaning: 'A fault of this product or of what it runs on. What had been accepted stays in the store.',
    remedy:
      'Look into the log, which has the cause, and report it. Repeat the call with the same `Message-ID`.',
  },
};
