export interface BrokerHead {
  /** As a frame without a body. */
  readonly head: Buffer;
  readonly command: string;
  /** Of a MESSAGE, the subscription that it is for. */
  readonly subscription: string | undefined;
  /**
   * Absent when the body ends at the first NUL. Only a MESSAGE may have another one in its body; of other frames, which text
   * of a stranger may look like, a length is not believed.
   */
  readonly contentLength: number | undefined;
  /** What was wrong with it and was left out. */
  readonly damage: string | undefined;
  /** Why stompjs must not see it, nor anything after it. */
  readonly fault: string | undefined;
}

/** Timers of Node overflow above, and stompjs starts them before it asks anybody. */
const mostHeartBeatMs = 2 ** 31 - 1;

function isHeartBeat(value: string): boolean {
  const pair = /^(\d+)\s*,\s*(\d+)$/u.exec(value);
  return pair !== null && Number(pair[1]) <= mostHeartBeatMs && Number(pair[2]) <= mostHeartBeatMs;
}

/** What is wrong with a header, of CONNECTED alone. */
function faultOf(command: string, name: string, value: string): string | undefined {
  if (command !== 'CONNECTED' || name !== 'heart-beat' || isHeartBeat(value)) return undefined;
  return `it answers with heart-beat '${value.slice(0, 60)}', which is not two numbers of milliseconds`;
}

/** Undefined for what is no number. */
function toLength(value: string): number | undefined {
  return /^\d{1,15}$/u.test(value) ? Number(value) : undefined;
}

const lookedUp = new Set(['receipt-id', 'subscription']);

/**
 * Reads the beginning of a frame: command and header lines, without the blank one, a byte in each character. Of
 * repeated headers the first counts (STOMP 1.2, "Repeated Header Entries").
 */
export function parseBrokerHead(text: string): BrokerHead {
  const kept: string[] = [];
  let length: string | undefined;
  let subscription: string | undefined;
  let damage: string | undefined;
  let fault: string | undefined;
  const [first = '', ...lines] = text.split('\n');
  const command = first.trim();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) {
      if (line !== '') damage = 'a header line without a name and a colon';
      continue;
    }
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (name === 'subscription') subscription ??= value;
    if (name === 'content-length') length ??= value;
    // stompjs looks these up in plain objects, and would call what every object has.
    else if (lookedUp.has(name) && value in Object.prototype) damage = `${name} '${value}'`;
    else kept.push(line);
    fault ??= faultOf(command, name, value);
  }
  const announced = length === undefined ? undefined : toLength(length);
  if (announced !== undefined) kept.push('content-length:0');
  else if (length !== undefined) damage = 'a content-length that is no number';
  const contentLength = command === 'MESSAGE' ? announced : undefined;
  const head = Buffer.from(`${[command, ...kept].join('\n')}\n\n\0`, 'latin1');
  return { head, command, subscription, contentLength, damage, fault };
}
