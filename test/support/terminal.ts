import { expect } from 'chai';
import type { Variables } from './cli.js';
import { productFreeEnvironment } from './cli.js';
import { runCommand } from './maven-cache.js';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';

/** Runs a command on a pseudo-terminal of a given size: what is typed comes in, what it shows goes out. */
const program = `
import fcntl, os, pty, select, struct, sys, termios
columns, rows, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
    os.execvp(command[0], command)
inputs = [terminal, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            os.write(terminal, typed)
        else:
            inputs.remove(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`;

/** Why there can be no terminal here; undefined: there can. */
export async function noTerminalReason(): Promise<string | undefined> {
  const found = await runCommand('python3', ['-c', 'import fcntl, os, pty; os.waitstatus_to_exitcode']);
  return found.ok ? undefined : 'no python3 of 3.9 or newer, which has the pseudo-terminal';
}

export const ctrlC = '\u0003';

/** A command line of the product on a terminal. What is written to it is typed. */
export function startOnTerminal(
  parameters: readonly string[],
  {
    env = {},
    columns = 80,
    rows = 24,
  }: { readonly env?: Variables; readonly columns?: number; readonly rows?: number } = {},
): RunningProcess {
  const command = [
    process.execPath,
    '--conditions=replyto-source',
    '--import',
    import.meta.resolve('tsx'),
    'src/cli/main.ts',
    ...parameters,
  ];
  return startProcess('python3', ['-c', program, String(columns), String(rows), ...command], {
    name: `replyto ${parameters[0] ?? ''} on a terminal`,
    env: { ...productFreeEnvironment(), TERM: 'xterm', ...env },
  });
}

/** What a terminal shows in the end, line by line: it goes up, erases and colours as it is told. */
export function screenOf(text: string): string[] {
  const rows: string[] = [];
  let row = 0;
  let column = 0;
  const parts =
    /\u001b\[(?:(?<up>\d+)A|(?<other>\??[\d;]*[A-Za-z]))|(?<text>[^\u001b\n\r]+)|(?<end>[\n\r])/gu;
  for (const { groups = {} } of text.matchAll(parts)) {
    if (groups['up'] !== undefined) row -= Number(groups['up']);
    else if (groups['other'] === 'J') {
      rows.length = Math.min(rows.length, row + (column > 0 ? 1 : 0));
    } else if (groups['other'] === 'K') rows[row] = (rows[row] ?? '').slice(0, column);
    else if (groups['text'] !== undefined) {
      rows[row] = (rows[row] ?? '').slice(0, column) + groups['text'];
      column += groups['text'].length;
    } else if (groups['end'] === '\r') column = 0;
    else if (groups['end'] === '\n') [row, column] = [row + 1, 0];
    expect(row, 'the row of the cursor').to.be.at.least(0);
  }
  return rows;
}
