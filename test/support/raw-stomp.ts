import { connect as connectTcp } from 'node:net';
import { WebSocket } from 'ws';
import { within } from './until.js';

/** A frame of the broker, as it came. */
export interface ReceivedFrame {
  readonly command: string;
  /** Unescaped; of repeated headers the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
}

/**
 * A STOMP client that hides nothing: what is written goes out as it is, what comes in is kept until a test asks
 * for it. For tests of brokers; every wait has a deadline (default 5 s).
 */
export interface RawStomp {
  /** Bytes, without any framing. */
  write(bytes: string | Buffer): void;
  /** One frame; header names and values are escaped as in STOMP 1.2, a body brings its `content-length`. */
  frame(command: string, headers?: Record<string, string>, body?: string | Buffer): void;
  /** CONNECT and the wait for CONNECTED. */
  connect(headers?: Record<string, string>): Promise<ReceivedFrame>;
  /** One frame with a receipt, and the wait for that receipt. @throws Error when ERROR comes instead. */
  confirmed(command: string, headers?: Record<string, string>, body?: string | Buffer): Promise<void>;
  /** Takes the first frame with this command (and headers) out of what came or comes. */
  take(command: string, headers?: Record<string, string>): Promise<ReceivedFrame>;
  /** Takes so many MESSAGE frames. */
  messages(count: number): Promise<ReceivedFrame[]>;
  /** What came and was not taken. */
  readonly pending: readonly ReceivedFrame[];
  /** Heart-beats and other line ends between frames so far. */
  readonly beats: number;
  /** Bytes as they came in one piece each (TCP) or one message each (WebSocket). */
  readonly pieces: readonly Buffer[];
  /** Kinds of the WebSocket messages that came. */
  readonly kinds: readonly ('text' | 'binary')[];
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  isClosed(): boolean;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Closes its side and goes on reading. */
  end(): void;
  /** Ends it without a word. */
  destroy(): void;
}

interface Waiter {
  readonly wanted: (frame: ReceivedFrame) => boolean;
  readonly resolve: (frame: ReceivedFrame) => void;
}

interface Pipe {
  write(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  end(): void;
  destroy(): void;
}

interface PipeEvents {
  onBytes(bytes: Buffer, kind?: 'text' | 'binary'): void;
  onClose(): void;
}

/** Opens a TCP connection; nothing is sent yet. */
export async function openRawStomp(port: number, host = '127.0.0.1'): Promise<RawStomp> {
  const socket = connectTcp({ port, host, noDelay: true, allowHalfOpen: true });
  await within(
    new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
    { what: `a connection to port ${port}` },
  );
  return createRawStomp((events) => {
    socket.on('data', (bytes: Buffer) => events.onBytes(bytes));
    socket.on('end', () => {
      events.onClose();
      socket.end();
    });
    socket.on('error', () => events.onClose());
    socket.on('close', () => events.onClose());
    return {
      write: (bytes) => void socket.write(bytes),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
    };
  });
}

/** Opens a WebSocket; each `write` and each frame is one message, text or binary as the argument of `write` is. */
export async function openRawStompWebSocket(url: string, protocols = ['v12.stomp']): Promise<RawStomp> {
  const socket = new WebSocket(url, protocols);
  const kept: { bytes: Buffer; kind: 'text' | 'binary' }[] = [];
  let events: PipeEvents | undefined;
  socket.on('message', (data: Buffer, isBinary) => {
    const kind = isBinary ? 'binary' : 'text';
    if (events === undefined) kept.push({ bytes: data, kind });
    else events.onBytes(data, kind);
  });
  await within(new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject)), {
    what: `a WebSocket to ${url}`,
  });
  return createRawStomp((given) => {
    events = given;
    for (const { bytes, kind } of kept) given.onBytes(bytes, kind);
    socket.on('error', () => given.onClose());
    socket.on('close', () => given.onClose());
    return {
      write: (bytes) => socket.send(bytes),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      end: () => socket.close(),
      destroy: () => socket.terminate(),
    };
  });
}

function createRawStomp(open: (events: PipeEvents) => Pipe): RawStomp {
  const inbox: ReceivedFrame[] = [];
  const waiters = new Set<Waiter>();
  const pieces: Buffer[] = [];
  const kinds: ('text' | 'binary')[] = [];
  let rest = Buffer.alloc(0);
  let beats = 0;
  let closed = false;
  let receipts = 0;
  let onClosed: () => void = () => undefined;
  const closedPromise = new Promise<void>((resolve) => (onClosed = resolve));

  const pipe = open({
    onBytes(bytes, kind) {
      pieces.push(bytes);
      if (kind !== undefined) kinds.push(kind);
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        while (rest[0] === 10) {
          beats += 1;
          rest = rest.subarray(1);
        }
        const parsed = parseFrame(rest);
        if (parsed === undefined) return;
        rest = rest.subarray(parsed.length);
        arrived(parsed.frame);
      }
    },
    onClose() {
      closed = true;
      onClosed();
    },
  });

  function describeInbox(): string {
    const heads = inbox.map(({ command, headers, text }) => `${command} ${JSON.stringify(headers)} ${text}`);
    return `${closed ? 'connection closed; ' : ''}came: ${heads.join(' | ').slice(0, 500)}`;
  }

  const client: RawStomp = {
    write: (bytes) => pipe.write(Buffer.from(bytes)),
    frame: (command, headers = {}, body) => pipe.write(encodeRawFrame(command, headers, body)),
    async connect(headers = {}) {
      client.frame('CONNECT', { 'accept-version': '1.2,1.1', host: '/', ...headers });
      return await client.take('CONNECTED');
    },
    async confirmed(command, headers = {}, body) {
      receipts += 1;
      const receipt = `raw-${receipts}`;
      client.frame(command, { ...headers, receipt }, body);
      const answer = await takeWhere(
        (frame) => frame.headers['receipt-id'] === receipt,
        `the receipt of ${command} ${JSON.stringify(headers)}`,
      );
      if (answer.command !== 'RECEIPT') throw new Error(`${command} was refused: ${JSON.stringify(answer)}`);
    },
    take(command, headers = {}) {
      return takeWhere(
        (frame) =>
          frame.command === command &&
          Object.entries(headers).every(([name, value]) => frame.headers[name] === value),
        `${command} ${JSON.stringify(headers)}`,
      );
    },
    async messages(count) {
      const taken: ReceivedFrame[] = [];
      while (taken.length < count) taken.push(await client.take('MESSAGE'));
      return taken;
    },
    pending: inbox,
    get beats() {
      return beats;
    },
    pieces,
    kinds,
    closed: closedPromise,
    isClosed: () => closed,
    pause: () => pipe.pause(),
    resume: () => pipe.resume(),
    end: () => pipe.end(),
    destroy: () => pipe.destroy(),
  };

  function arrived(frame: ReceivedFrame): void {
    const waiter = [...waiters].find(({ wanted }) => wanted(frame));
    if (waiter === undefined) {
      inbox.push(frame);
    } else {
      waiters.delete(waiter);
      waiter.resolve(frame);
    }
  }

  async function takeWhere(wanted: Waiter['wanted'], what: string): Promise<ReceivedFrame> {
    const place = inbox.findIndex(wanted);
    const [present] = place === -1 ? [] : inbox.splice(place, 1);
    if (present !== undefined) return present;
    let waiter: Waiter | undefined;
    const frame = new Promise<ReceivedFrame>((resolve) => {
      waiter = { wanted, resolve };
      waiters.add(waiter);
    });
    try {
      return await within(frame, { what });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : what}; ${describeInbox()}`, {
        cause: error,
      });
    } finally {
      if (waiter !== undefined) waiters.delete(waiter);
    }
  }

  return client;
}

/** A frame as bytes; `CONNECT` is not escaped. */
export function encodeRawFrame(
  command: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Buffer {
  const bytes = Buffer.from(body ?? '');
  const escape = (text: string): string =>
    command === 'CONNECT'
      ? text
      : text.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll(':', '\\c');
  const lines = Object.entries(headers).map(([name, value]) => `${escape(name)}:${escape(value)}\n`);
  const length = body === undefined ? '' : `content-length:${bytes.length}\n`;
  return Buffer.concat([Buffer.from(`${command}\n${lines.join('')}${length}\n`), bytes, Buffer.of(0)]);
}

function parseFrame(bytes: Buffer): { frame: ReceivedFrame; length: number } | undefined {
  const headEnd = bytes.indexOf('\n\n');
  if (headEnd === -1) return undefined;
  const [command = '', ...lines] = bytes.toString('utf8', 0, headEnd).split('\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const unescaped = [line.slice(0, colon), line.slice(colon + 1)].map((text) =>
      command === 'CONNECTED'
        ? text
        : text.replace(/\\(.)/gu, (_, letter: string) => meanings[letter] ?? letter),
    );
    const [name = '', value = ''] = unescaped;
    headers[name] ??= value;
  }
  const bodyStart = headEnd + 2;
  const length = headers['content-length'];
  const bodyEnd = length === undefined ? bytes.indexOf(0, bodyStart) : bodyStart + Number(length);
  if (bodyEnd === -1 || bodyEnd >= bytes.length) return undefined;
  const body = Buffer.from(bytes.subarray(bodyStart, bodyEnd));
  return { frame: { command, headers, body, text: body.toString('utf8') }, length: bodyEnd + 1 };
}

const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', c: ':', '\\': '\\' };
