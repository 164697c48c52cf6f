/** The lower end of a terminal, drawn again and again in place. What was printed above it stays. */
import type { Output } from '../command-context.js';
import { widthOf } from './fitted-text.js';

export interface LiveScreen {
  /** Puts these lines where the last ones were; false when nobody is there any more. */
  draw(lines: readonly string[]): Promise<boolean>;
  /** Prints a text that stays above, on this output or another one that the same person reads. */
  print(text: string, output?: Output): Promise<boolean>;
  /** Leaves the last lines where they are and shows the cursor. */
  close(): void;
}

export function createLiveScreen(stdout: Output): LiveScreen {
  const showCursor = stdout.hideCursor();
  let drawn: readonly string[] = [];

  /** To the start of what was drawn. Where the terminal became narrower, its lines take more rows now. */
  function back(): string {
    const { columns } = stdout.size();
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return rows === 0 ? '' : `\r\u001b[${rows}A`;
  }

  const frame = (lines: readonly string[]): string =>
    `${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`;

  return {
    draw(lines) {
      const text = back() + frame(lines);
      drawn = lines;
      return stdout.write(text);
    },
    async print(text, output = stdout) {
      // Handed over in one turn, so that nothing is drawn in between.
      const written = [stdout.write(`${back()}\u001b[J`), output.write(text), stdout.write(frame(drawn))];
      return (await Promise.all(written)).every((isRead) => isRead);
    },
    close: showCursor,
  };
}
