import type { CommandContext } from '../command-context.js';
import { harmless, jsonLine } from '../message-text.js';
import type { Followed } from './followed-events.js';

/** Shows what is followed. */
export interface EventView {
  /** False: nobody reads any more. */
  show(part: Followed): Promise<boolean>;
  /** Says something about the connection, on stderr. */
  tell(sentence: string): Promise<void>;
  close(): Promise<void>;
}

/** NDJSON: each event as it came, one a line; `{"gap":{"from":3,"to":17}}` for those that are no longer kept. */
export function createLineView({ stdout, stderr }: CommandContext): EventView {
  return {
    show(part) {
      const line = 'gap' in part ? jsonLine({ gap: part.gap }) : `${part.json}\n`;
      return stdout.write(stdout.isTerminal ? harmless(line) : line);
    },
    async tell(sentence) {
      await stderr.write(`${harmless(sentence)}\n`);
    },
    close: () => Promise.resolve(),
  };
}
