import { connect } from 'node:net';
import type { Clock } from '#core/ports/clock.js';

export interface AmqpProbeOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds; then nothing of AMQP is there. */
  readonly withinMs: number;
  readonly clock: Clock;
}

const protocolHeader = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);
/** Connection.Start with its server properties is below 1 KiB. */
const mostBytes = 64 * 1024;

/** What speaks AMQP 0-9-1 there, such as `RabbitMQ 3.10.8`; undefined when nothing does. It logs in nowhere. */
export function probeAmqp({ host, port, withinMs, clock }: AmqpProbeOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const cancel = clock.after(withinMs, () => end(undefined));
    function end(found: string | undefined): void {
      cancel();
      socket.destroy();
      resolve(found);
    }
    socket.on('connect', () => socket.write(protocolHeader));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const isStart = received[0] === 1 && received.length > 7;
      const isWhole = isStart && received.length >= 7 + received.readUInt32BE(3);
      if (isWhole) end(nameOf(received));
      else if (!isStart && received.length > 7) end(undefined);
      else if (received.length > mostBytes) end(undefined);
    });
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
  });
}

function nameOf(start: Buffer): string | undefined {
  const product = property(start, 'product');
  if (product === undefined) return undefined;
  const version = property(start, 'version');
  return version === undefined ? product : `${product} ${version}`;
}

/** A long string of the server properties: name, `S`, four bytes of length, text. */
function property(start: Buffer, name: string): string | undefined {
  const at = start.indexOf(`${String.fromCharCode(name.length)}${name}S`);
  if (at < 0) return undefined;
  const lengthAt = at + 1 + name.length + 1;
  const textAt = lengthAt + 4;
  if (textAt > start.length) return undefined;
  return start.toString('utf8', textAt, textAt + start.readUInt32BE(lengthAt));
}
