import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '#testing/random.js';
import { createRandom } from '#testing/random.js';

/** What one connection is to read. */
export interface FuzzInput {
  readonly index: number;
  /** What comes in each turn of the event loop, in pieces. */
  readonly turns: readonly (readonly Buffer[])[];
  /** The other side takes nothing of what is written to it. */
  readonly holds: boolean;
}

/** Who wrote the recorded bytes. */
export type Writer = 'client' | 'broker';

/** Conversations as scripts/record-stomp.ts has recorded them, each byte a character. */
type Conversation = Readonly<Record<Writer | 'name', string>>;

const mostBytes = 64 * 1024;

const conversations = JSON.parse(
  readFileSync(join(import.meta.dirname, 'traffic.json'), 'utf8'),
) as readonly Conversation[];

/** As one side has written them, unharmed. */
export function recordings(writer: Writer): Buffer[] {
  return conversations.map((conversation) => Buffer.from(conversation[writer], 'latin1'));
}

const frames = {
  client: recordings('client').map(splitFrames),
  broker: recordings('broker').map(splitFrames),
};

function splitFrames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from);
    const to = end === -1 ? bytes.length : end + 1;
    found.push(bytes.subarray(from, to));
    from = to;
  }
  return found;
}

const tokens = [
  ...['\n', '\r\n', '\n\n', '\0', ':', '\\', '\\c', '\\t', ' ', '\xff', '\xc3', '\x80'],
  ...['content-length:', 'content-length:0\n', 'content-length:5\n', 'content-length:-1\n', 'receipt:r\n'],
  ...[
    'transaction:t\n',
    'id:',
    'ack:client\n',
    'destination:/queue/',
    'destination:/topic/a\n',
    'persistent:true\n',
  ],
  ...[
    'SEND\n',
    'MESSAGE\n',
    'RECEIPT\n',
    'ERROR\n',
    'CONNECTED\n',
    'CONNECT\n',
    'DISCONNECT\n\n\0',
    'BEGIN\n',
  ],
  ...[
    'COMMIT\n',
    'ABORT\n',
    'ACK\n',
    'NACK\n',
    'UNSUBSCRIBE\n',
    'heart-beat:1,1\n',
    '__proto__',
    'constructor',
  ],
].map((token) => Buffer.from(token, 'latin1'));

const numbers = [
  '0',
  '1',
  '-1',
  '+3',
  '4294967296',
  '999999999999999',
  '9'.repeat(400),
  '0x10',
  '1e3',
  ' 7',
  '',
  'NaN',
];

/** The id that the session of an input is to have: recorded acknowledgements name it. */
export function sessionOf(index: number): string {
  return `fuzz${index}`;
}

/** Input number `index` of a seed; always the same. */
export function createInput(writer: Writer, seed: number, index: number): FuzzInput {
  const random = createRandom(seed, index);
  let bytes = random.chance(0.03) ? garbage(random) : conversation(writer, random);
  bytes = Buffer.from(bytes.toString('latin1').replaceAll('{session}', sessionOf(index)), 'latin1');
  const changes = random.pick([0, 1, 1, 1, 2, 2, 3, 5, 10, 30]);
  for (let change = 0; change < changes; change += 1) bytes = mutate(bytes, writer, random);
  return { index, turns: cut(bytes.subarray(0, mostBytes), random), holds: random.chance(0.1) };
}

function garbage(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(2_000) }, () => random.below(256)));
}

/** As it was recorded, or its frames in another order, with those of others between them. */
function conversation(writer: Writer, random: Random): Buffer {
  const recorded = random.pick(frames[writer]);
  if (random.chance(0.6)) return Buffer.concat(recorded);
  const [first = Buffer.alloc(0), ...others] = recorded;
  const count = random.below(2 * others.length + 1);
  const mixed = Array.from({ length: count }, () =>
    random.pick(random.chance(0.7) ? recorded : random.pick(frames[writer])),
  );
  return Buffer.concat([first, ...mixed]);
}

function mutate(bytes: Buffer, writer: Writer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.below(random.pick([2, 20, 300])));
  const replaced = (...middle: Buffer[]): Buffer =>
    Buffer.concat([bytes.subarray(0, at), ...middle, bytes.subarray(to)]);
  switch (random.below(8)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    case 1:
      return replaced();
    case 2:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    case 3:
      return replaced(...Array.from({ length: 1 + random.below(40) }, () => bytes.subarray(at, to)));
    case 4: {
      const other = random.pick(random.pick(frames[writer]));
      return replaced(other.subarray(random.below(other.length)));
    }
    case 5:
      return replaced(random.pick(tokens), bytes.subarray(at, to));
    case 6:
      return bytes.subarray(0, random.chance(0.2) ? at : bytes.length);
    default:
      return renumber(bytes, random);
  }
}

/** Another number in place of one, most of which are lengths, ids and heart-beats. */
function renumber(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString('latin1');
  const places = [...text.matchAll(random.chance(0.5) ? /(?<=content-length:)\d+/gu : /\d+/gu)];
  if (places.length === 0) return bytes;
  const place = random.pick(places);
  const near = Number(place[0].slice(0, 9)) + random.below(5) - 2;
  const number = random.chance(0.5) ? String(near) : random.pick(numbers);
  return Buffer.from(
    text.slice(0, place.index) + number + text.slice(place.index + place[0].length),
    'latin1',
  );
}

function cut(bytes: Buffer, random: Random): Buffer[][] {
  if (bytes.length < 3_000 && random.chance(0.05)) return [Array.from(bytes, (byte) => Buffer.of(byte))];
  const turns: Buffer[][] = [[]];
  const most = random.pick([bytes.length, bytes.length, 1_000, 200, 30]);
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + 1 + random.below(most));
    turns.at(-1)?.push(bytes.subarray(from, to));
    // What a client waits for before it goes on comes in a later turn.
    if (turns.length < 12 && random.chance(0.5)) turns.push([]);
    from = to;
  }
  return turns;
}
