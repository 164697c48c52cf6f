export interface BrokerHead {
  /** As a frame without a body. */
  readonly head: Buffer;
  /** Absent when the body ends at the first NUL. */
  readonly contentLength: number | undefined;
  /** What was wrong with it and was left out. */
  readonly damage: string | undefined;
}

const lookedUp = new Set(['receipt-id', 'subscription']);

/**
 * Reads the beginning of a frame: command and header lines, without the blank one, a byte in each character. Of
 * repeated headers the first counts (STOMP 1.2, "Repeated Header Entries").
 */
export function parseBrokerHead(text: string): BrokerHead {
  const kept: string[] = [];
  let length: string | undefined;
  let damage: string | undefined;
  const [command = '', ...lines] = text.split('\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) {
      if (line !== '') damage = 'a header line without a name and a colon';
      continue;
    }
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-length') length ??= value;
    // stompjs looks these up in plain objects, and would call what every object has.
    else if (lookedUp.has(name) && value in Object.prototype) damage = `${name} '${value}'`;
    else kept.push(line);
  }
  const contentLength = length !== undefined && /^\d{1,15}$/u.test(length) ? Number(length) : undefined;
  if (length !== undefined && contentLength === undefined) damage = 'a content-length that is no number';
  if (contentLength !== undefined) kept.push('content-length:0');
  const head = Buffer.from(`${[command.trim(), ...kept].join('\n')}\n\n\0`, 'latin1');
  return { head, contentLength, damage };
}
