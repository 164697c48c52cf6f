/** What a broker says in words, as it may stand in logs, in answers and in Faults. */
import type { StompHeaders } from '@stomp/stompjs';

/** Characters that are kept of it. */
const mostSaid = 500;

/** Artemis prints the whole message that it refuses, with every header of it: `CoreMessage[messageID=37, …]`. */
const printedMessage = /\s*\b[A-Z]\w*Message(?:Impl)?(?:@\w+)?\s?[[{(].*$/su;

const secret =
  /(?<name>\b[\w-]*(?:token|authorization|passcode|password|secret|api-?key)[\w-]*\s*[=:]\s*)(?:(?:bearer|basic)\s+)?[^\s,;\]})]+/giu;

/**
 * What an ERROR says. RabbitMQ, known by the list of its versions, gives a kind in `message` and says the rest in the
 * body; others put a stack trace there.
 */
export function saidBy(headers: StompHeaders, body: Uint8Array): string {
  const kind = headers['message'];
  const text = (): string => Buffer.from(body.subarray(0, 4 * mostSaid)).toString();
  if (kind === undefined) return withoutSecrets(text());
  const [line = ''] = headers['version']?.startsWith('1.0,') === true ? text().split('\n') : [];
  if (line === '') return withoutSecrets(kind);
  const repeats = line.toLowerCase().startsWith(kind.toLowerCase());
  return withoutSecrets(repeats ? line : `${kind}: ${line}`);
}

function withoutSecrets(text: string): string {
  return text.replace(printedMessage, '').replace(secret, '$<name>…').slice(0, mostSaid);
}

/** Ids, long numbers and measured sizes: they differ each time in the same words. */
const changing =
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b|\bID:\S+|\b\d{6,}\b|\b\d+(?:\.\d+)?\s?(?:[kMGT]i?B\b|%)/giu;

/** The same for any two that say the same thing of different messages, or of different moments. */
export function gistOf(said: string): string {
  return said.replace(changing, '…');
}
