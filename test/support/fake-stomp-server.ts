/**
 * A STOMP server without a broker: it says only what a test tells it to say. By default it welcomes a client as
 * ActiveMQ Classic does and confirms every frame that asks for a receipt.
 */
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createFrameParser } from '#adapters/stomp-server/frame-parser.js';
import type { ClientCommand, Frame } from '#adapters/stomp-server/frame.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { encodeRawFrame } from './raw-stomp.js';
import { until } from './until.js';

export interface FakeStompConnection {
  /** What came, in order. */
  readonly frames: readonly Frame[];
  /** Bytes as they came, in one piece per read. */
  readonly pieces: readonly Buffer[];
  /** The first frame with this command, once it is there; `nth` counts from 1. */
  frame(command: ClientCommand, nth?: number): Promise<Frame>;
  framesOf(command: ClientCommand): readonly Frame[];
  /** Sends a frame with escaped headers; a body brings its `content-length`. */
  send(command: string, headers?: Record<string, string>, body?: string | Buffer): void;
  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void;
  /** Answers the receipt that this frame asks for. */
  confirm(frame: Frame): void;
  /** A MESSAGE of the first subscription. */
  deliver(headers?: Record<string, string>, body?: string | Buffer): Promise<void>;
  /** Closes its side only. */
  end(): void;
  /** Ends it as a failing network does. */
  destroy(): void;
  isClosed(): boolean;
  /** Whether the client has closed its side. */
  isEnded(): boolean;
}

/** What to do with a frame: nothing more when it returns `handled`, else what the server does by default. */
type FrameRule = (frame: Frame, connection: FakeStompConnection) => 'handled' | 'default';

export interface FakeStompServerOptions {
  /** `server` header of CONNECTED; default `ActiveMQ/6.3.1`. */
  readonly name?: string;
  /** `heart-beat` header of CONNECTED; default `0,0`. */
  readonly heartBeat?: string;
  readonly version?: '1.2' | '1.1';
}

export interface FakeStompServer {
  readonly port: number;
  readonly url: string;
  /** All that were ever opened, in order. */
  readonly connections: readonly FakeStompConnection[];
  /** The connection with this number, counted from 1, once it has logged in. */
  connection(nth: number): Promise<FakeStompConnection>;
  /** Connections that are open now. */
  open(): readonly FakeStompConnection[];
  rule(rule: FrameRule): void;
  /** From now on nothing is confirmed by itself, or everything again. */
  holdReceipts(hold: boolean): void;
  stop(): Promise<void>;
}

/** Only on 127.0.0.1, on a port of its own. */
export async function startFakeStompServer(options: FakeStompServerOptions = {}): Promise<FakeStompServer> {
  const { name = 'ActiveMQ/6.3.1', heartBeat = '0,0', version = '1.2' } = options;
  const connections: FakeStompConnection[] = [];
  const sockets = new Set<Socket>();
  let rule: FrameRule = () => 'default';
  let holding = false;

  function answer(frame: Frame, connection: FakeStompConnection): void {
    if (rule(frame, connection) === 'handled') return;
    if (frame.command === 'CONNECT' || frame.command === 'STOMP') {
      connection.send('CONNECTED', { version, server: name, 'heart-beat': heartBeat });
    } else if (!holding) {
      connection.confirm(frame);
    }
    if (frame.command === 'DISCONNECT' && !holding) connection.end();
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const connection = createConnection(socket, version, answer);
    connections.push(connection);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `stomp://127.0.0.1:${port}`,
    connections,
    async connection(nth) {
      const connection = await until(() => connections[nth - 1], { what: `connection ${nth}` });
      await connection.frame('CONNECT');
      return connection;
    },
    open: () => connections.filter((connection) => !connection.isClosed()),
    rule: (given) => void (rule = given),
    holdReceipts: (hold) => void (holding = hold),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function createConnection(
  socket: Socket,
  version: '1.2' | '1.1',
  answer: (frame: Frame, connection: FakeStompConnection) => void,
): FakeStompConnection {
  const parser = createFrameParser({ ...defaultSessionLimits, frameBytesBeforeConnect: 1024 * 1024 });
  const frames: Frame[] = [];
  const pieces: Buffer[] = [];

  socket.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    // Whoever looks for another protocol is let go.
    if (frames.length === 0 && bytes.subarray(0, 4).toString() === 'AMQP') {
      socket.destroy();
      return;
    }
    parser.feed(bytes);
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
      frames.push({ ...frame, body: Buffer.from(frame.body) });
      if (frame.command === 'CONNECT') parser.connected(version);
      answer(frame, connection);
    }
  });

  const connection: FakeStompConnection = {
    frames,
    pieces,
    framesOf: (command) => frames.filter((frame) => frame.command === command),
    frame: (command, nth = 1) =>
      until(() => connection.framesOf(command)[nth - 1], { what: `${command} number ${nth} at the server` }),
    send: (command, headers = {}, body) =>
      connection.write(
        command === 'CONNECTED' ? encodePlainFrame(command, headers) : encodeRawFrame(command, headers, body),
      ),
    write: (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    },
    confirm(frame) {
      const receipt = frame.headers.get('receipt');
      if (receipt !== undefined) connection.send('RECEIPT', { 'receipt-id': receipt });
    },
    async deliver(headers = {}, body = '') {
      const subscribe = await connection.frame('SUBSCRIBE');
      connection.send(
        'MESSAGE',
        {
          'message-id': 'ID:1',
          destination: subscribe.headers.get('destination') ?? '',
          subscription: subscribe.headers.get('id') ?? '',
          ack: 'ack-1',
          ...headers,
        },
        body,
      );
    },
    end: () => void socket.end(),
    destroy: () => void socket.resetAndDestroy(),
    isClosed: () => socket.destroyed,
    isEnded: () => socket.readableEnded || socket.destroyed,
  };
  return connection;
}

/** CONNECTED is not escaped (STOMP 1.2, "Value Encoding"). */
function encodePlainFrame(command: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return Buffer.from(`${command}\n${lines.join('')}\n\0`);
}

/** To be called inside `describe`: every test gets a server, which ends after it. */
export function fakeStompServer(options: FakeStompServerOptions = {}): () => FakeStompServer {
  let server: FakeStompServer | undefined;
  beforeEach(async () => {
    server = await startFakeStompServer(options);
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  return () => {
    if (server === undefined) throw new Error('fakeStompServer() is for tests and their hooks');
    return server;
  };
}
