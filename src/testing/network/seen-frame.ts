import { fromSlashAddress } from '#adapters/stomp/dialects/dialect.js';

export type Direction = 'to-broker' | 'from-broker';

/** Command and headers of a frame on its way through the network. */
export interface SeenFrame {
  readonly command: string;
  /** As written on the wire, unescaped; of repeated headers the first. The passcode of CONNECT is not shown. */
  readonly headers: Readonly<Record<string, string>>;
  readonly direction: Direction;
  /** 1, 2, ... in the order in which connections were opened. */
  readonly connection: number;
  /** Names that its `destination` has, without a prefix; null when it has none of that kind. */
  readonly queue: string | null;
  readonly topic: string | null;
  /** Of a SEND or MESSAGE; null for one that is neither, and for every other frame. */
  readonly kind: 'request' | 'reply' | null;
  /** Of a RECEIPT, the frame that asked for it, while a rule asks for receipts; else null. */
  readonly receiptOf: SeenFrame | null;
}

/** A frame with its body. */
export interface WholeFrame extends SeenFrame {
  readonly body: Buffer;
  readonly text: () => string;
}

export function toSeenFrame(
  command: string,
  headers: ReadonlyMap<string, string>,
  place: Pick<SeenFrame, 'direction' | 'connection' | 'receiptOf'>,
): SeenFrame {
  // Frames are printed when a test fails.
  const hidden =
    headers.has('passcode') && (command === 'CONNECT' || command === 'STOMP') ? { passcode: '***' } : {};
  return {
    command,
    headers: { ...Object.fromEntries(headers), ...hidden },
    ...place,
    ...nameOf(headers),
    kind: command === 'SEND' || command === 'MESSAGE' ? kindOf(headers) : null,
  };
}

function nameOf(headers: ReadonlyMap<string, string>): Pick<SeenFrame, 'queue' | 'topic'> {
  const address = headers.get('destination');
  if (address === undefined) return { queue: null, topic: null };
  const { kind, name } = fromSlashAddress(address);
  // Artemis has plain names, and says beside them what they are.
  const routing = headers.get('destination-type') ?? headers.get('subscription-type');
  const isTopic = kind === 'topic' || routing === 'MULTICAST';
  return isTopic ? { queue: null, topic: name } : { queue: name, topic: null };
}

function kindOf(headers: ReadonlyMap<string, string>): SeenFrame['kind'] {
  if (headers.has('reply-to')) return 'request';
  return headers.has('correlation-id') || headers.has('Correl-ID') ? 'reply' : null;
}
