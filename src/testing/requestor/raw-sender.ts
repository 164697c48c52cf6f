import { openSocket } from '#adapters/stomp/socket.js';
import { connectHeaders } from '#adapters/stomp/connect-headers.js';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { maxMessageBytes } from '#adapters/stomp/stomp-socket.js';
import { createFrameScanner } from '#adapters/stomp-server/frame-scanner.js';
import type { FrameHead } from '#adapters/stomp-server/frame-head.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import { serverCommands } from '#adapters/stomp-server/frame.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { toBytes } from '../network/frame-bytes.js';
import { createWaiting } from '../waiting.js';

/** A connection that sends frames as they are given, whatever is wrong with them. */
export interface RawSender {
  /** Resolves with the broker's receipt. @throws Error when the broker refuses it, or ends the connection */
  send(headers: Readonly<Record<string, string>>, body: Buffer): Promise<void>;
  close(): void;
}

/** @throws Error when the broker does not welcome it */
export async function openRawSender(url: string): Promise<RawSender> {
  const [endpoint] = parseBrokerUrl(url).endpoints;
  if (endpoint === undefined) throw new Error('an address without an endpoint');
  const socket = openSocket({ endpoint, maxMessageBytes });
  const waiting = createWaiting();
  const limits = { ...defaultSessionLimits, frameBytesBeforeConnect: defaultSessionLimits.headerBlockBytes };
  const scanner = createFrameScanner(limits, serverCommands);
  /** Answers by receipt; the ERROR without one ends the connection. */
  const answers = new Map<string, string>();
  let isConnected = false;
  let version: StompVersion = '1.2';
  let sent = 0;

  function answered({ command, headers }: FrameHead<string>): void {
    const receipt = headers.get('receipt-id');
    const said = headers.get('message') ?? command;
    if (command === 'CONNECTED') {
      isConnected = true;
      version = headers.get('version') === '1.1' ? '1.1' : '1.2';
      scanner.connected(version);
    } else if (command === 'RECEIPT') answers.set(receipt ?? '', '');
    else if (command === 'ERROR' && receipt !== undefined) answers.set(receipt, said);
    else if (command === 'ERROR') waiting.end(`the broker said: ${said}`);
    waiting.wake();
  }

  socket.onmessage = ({ data }: { data: Uint8Array }) => {
    try {
      scanner.feed(Buffer.from(data));
      for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) {
        if (piece.kind === 'head') answered(piece.head);
      }
    } catch (error) {
      waiting.end(`the broker cannot be understood: ${String(error)}`);
    }
  };
  socket.onerror = (error: unknown) => waiting.end(`the connection failed: ${String(error)}`);
  socket.onclose = () => waiting.end('the connection was closed');
  socket.onopen = () => {
    const headers = { 'accept-version': '1.2,1.1', 'heart-beat': '0,0', ...connectHeaders(endpoint, {}) };
    socket.send(toBytes({ command: 'CONNECT', headers: new Map(Object.entries(headers)) }, version));
  };

  try {
    await waiting.until(
      () => (isConnected ? true : undefined),
      () => 'the welcome of the broker',
    );
  } catch (error) {
    socket.terminate?.();
    throw error;
  }
  return {
    async send(headers, body) {
      sent += 1;
      const receipt = `raw-${sent}`;
      const all = new Map(Object.entries({ ...headers, receipt }));
      socket.send(toBytes({ command: 'SEND', headers: all, body }, version));
      const refusal = await waiting.until(
        () => answers.get(receipt),
        () => `the receipt of a message to ${headers['destination'] ?? ''}`,
      );
      answers.delete(receipt);
      if (refusal !== '') throw new Error(`the broker refused the message: ${refusal}`);
    },
    close: () => socket.close(),
  };
}
