import type { IMessage } from '@stomp/stompjs';
import type { Logger } from '#core/ports/logger.js';

/** A MESSAGE as it came, and the means to acknowledge it while its connection lives. */
export interface IncomingFrame {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** False when the connection has ended: the broker will deliver the message again. */
  acknowledge(): boolean;
}

/** What it returns is not used; a promise that it returns may reject. */
export type MessageHandler = (frame: IncomingFrame) => unknown;

export interface ReceiveOptions {
  readonly onMessage: MessageHandler;
  /** Of the connection that brought the message. */
  readonly isOpen: () => boolean;
  readonly logger: Logger;
}

/**
 * Hands a message, of which stompjs saw the head alone, to its handler. Never throws: stompjs would print and swallow it,
 * in the middle of a read.
 */
export function receive(
  message: IMessage,
  body: Uint8Array,
  { onMessage, isOpen, logger }: ReceiveOptions,
): void {
  const acknowledge = (): boolean => {
    if (!isOpen()) return false;
    message.ack();
    return true;
  };
  const failed = (error: unknown): void => {
    const facts = { err: error, destination: message.headers['destination'] };
    logger.error(facts, 'a message handler threw; not acknowledged');
  };
  const { headers } = message;
  if ('content-length' in headers) headers['content-length'] = String(body.byteLength);
  try {
    // An asynchronous handler is as good as any; its failure must not end the process.
    Promise.resolve(onMessage({ headers, body, acknowledge })).catch(failed);
  } catch (error) {
    failed(error);
  }
}
