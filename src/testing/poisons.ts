import type { FrameChange } from './network/frame-bytes.js';

const overSizeBytes = 8 * 1024 * 1024;
const nestedLevels = 20_000;

/**
 * Messages that a receiver must survive: for `requestor.poison(queue, poisons.brokenJson)`, and for `network.alter(frames,
 * poisons.malformedFault)`. What is not said of the message stays as it is.
 */
export const poisons = {
  /** JSON that ends too early. */
  brokenJson: { headers: { 'content-type': 'application/json' }, body: '{"items": ["tea", ' },
  /** JSON that is nested deeper than most programs can go. */
  deeplyNested: {
    headers: { 'content-type': 'application/json' },
    body: '['.repeat(nestedLevels) + ']'.repeat(nestedLevels),
  },
  /** A type that says text, and bytes that are none, a NUL among them. */
  notUtf8: {
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Uint8Array.of(0xff, 0xfe, 0x00, 0xc3, 0x28),
  },
  empty: { headers: { 'content-type': 'application/json' }, body: '' },
  /** 8 MiB of text. */
  get overSize(): FrameChange {
    return { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(overSizeBytes) };
  },
  /** Headers that nobody knows, and known ones whose values make no sense. */
  unknownHeaders: {
    headers: {
      'x-nobody-knows': 'it: \\n',
      'Content-Encoding': 'rot13',
      'Expires-At': 'soon',
      'Deadline-Ms': '-1',
      Attempt: 'many',
      Schema: '@',
      traceparent: 'none',
      'Content-Digest': 'sha-256=:bm9uc2Vuc2U=:',
    },
  },
  /** It says that it is a fault, and its body is none. Makes sense of replies. */
  malformedFault: {
    headers: { Fault: 'true', 'content-type': 'application/json' },
    body: '{"code": 4711, "status": 200}',
  },
} as const satisfies Readonly<Record<string, FrameChange>>;
