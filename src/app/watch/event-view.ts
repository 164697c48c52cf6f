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
export function createLineView(context: CommandContext): EventView {
  const { stdout } = context;
  return {
    show(part) {
      const line = 'gap' in part ? jsonLine({ gap: part.gap }) : `${part.json}\n`;
      return stdout.write(stdout.isTerminal ? harmless(line) : line);
    },
    tell: (sentence) => tellOnStderr(context, sentence),
    close: () => Promise.resolve(),
  };
}

export async function tellOnStderr({ stderr }: CommandContext, sentence: string): Promise<void> {
  await stderr.write(`${harmless(sentence)}\n`);
}
