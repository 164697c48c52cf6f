import type { StompHeaders } from '@stomp/stompjs';
import { ReplytoError } from '#core/errors.js';
import { saidBy } from './broker-words.js';
import type { Dialect } from './dialects/dialect.js';
import { saysTooLarge, unavailable } from './failures.js';
import type { Receipts } from './receipts.js';

export interface BrokerError {
  readonly headers: StompHeaders;
  readonly body: Uint8Array;
  /** Undefined until CONNECTED came. */
  readonly dialect: Dialect | undefined;
}

export interface ErrorContext {
  /** Of the broker. */
  readonly name: string;
  readonly receipts: Receipts;
  /** It is about nothing that was asked for; called with what it says. */
  readonly onStray: (said: string) => void;
}

/**
 * What an ERROR means. The send that it is about is rejected and the connection goes on, unless the broker closes it; else the
 * connection ends with what is returned.
 */
export function toFailure(
  { headers, body, dialect }: BrokerError,
  { name, receipts, onStray }: ErrorContext,
): ReplytoError | undefined {
  const said = saidBy(headers, body);
  if (dialect === undefined) {
    return new ReplytoError('BROKER_LOGIN_REFUSED', { detail: `${name} refused the login: ${said}` });
  }
  if (isStray(dialect, receipts)) {
    onStray(said);
    return undefined;
  }
  const code = codeOf(said, dialect);
  const refusal = (destination?: string): ReplytoError => {
    const facts = { detail: `${name} refused the frame: ${said}`, ...(destination && { destination }) };
    return new ReplytoError(code, facts);
  };
  const receiptId = headers['receipt-id'] ?? '';
  const detail = `${name} reported an error: ${said}`;
  if (receipts.settle(receiptId, refusal(receipts.destinationOf(receiptId)))) {
    // What else was written may not have been read.
    return dialect.closesItself ? unavailable(detail) : undefined;
  }
  const isAbout = (address: string): boolean => quotes(said, address, dialect.fromAddress(address).name);
  if (code === 'INVALID_ARGUMENT') {
    receipts.refuseLargest(detail);
  } else if (code === 'BROKER_FULL') {
    receipts.refuseAll(isAbout, refusal);
  } else if (!dialect.namesRefusedFrames) {
    const { isRefusal, isFatal } = judgeUnnamed(said);
    if (isRefusal && receipts.refuseUnnamed(isAbout, refusal) && !isFatal) return undefined;
  } else if (receiptId === '') {
    receipts.refuseSubscriptions(refusal());
  }
  // Which frame failed is not known: only a new connection is sure.
  return unavailable(detail);
}

function codeOf(said: string, { saysFull }: Dialect): 'INVALID_ARGUMENT' | 'BROKER_FULL' | 'SEND_REFUSED' {
  if (saysTooLarge(said)) return 'INVALID_ARGUMENT';
  return saysFull?.test(said) === true ? 'BROKER_FULL' : 'SEND_REFUSED';
}

/** It may be no ERROR at all but text behind the NUL in a message. A broker that means it closes the socket. */
function isStray({ namesRefusedFrames, closesItself }: Dialect, { size }: Receipts): boolean {
  return size === 0 && namesRefusedFrames && !closesItself;
}

/** Errors of AMQP that are about one frame; the broker ends the connection after them, as after all of its kind. */
const amqpRefusal =
  /^(?:ACCESS_REFUSED|NOT_FOUND|RESOURCE_LOCKED|PRECONDITION_FAILED|NOT_ALLOWED|NOT_IMPLEMENTED|COMMAND_INVALID|SYNTAX_ERROR) - /u;
const amqpError = /^[A-Z]+(?:_[A-Z]+)+ - /u;
/** Of RabbitMQ, about no frame that was sent. */
const aboutConnection = /^(?:Credential expired|Server cancelled subscription)/u;

/** What an ERROR that names no frame means for the connection it came on. */
interface UnnamedError {
  /** It refuses one of the frames that were sent. */
  readonly isRefusal: boolean;
  /** The broker ends the connection after it. */
  readonly isFatal: boolean;
}

/** For a broker whose ERRORs never name a frame. */
function judgeUnnamed(said: string): UnnamedError {
  if (aboutConnection.test(said)) return { isRefusal: false, isFatal: true };
  if (amqpError.test(said)) return { isRefusal: amqpRefusal.test(said), isFatal: true };
  return { isRefusal: true, isFatal: false };
}

/** Whether an ERROR speaks of this destination: it stands in quotes in it, as an address or as a name. */
function quotes(said: string, address: string, name: string): boolean {
  return said.includes(`'${address}'`) || said.includes(`"${name}"`) || said.includes(`queue '${name}'`);
}
