import { runCommand } from './maven-cache.js';

const candidates = [process.env['PYTHON'], 'python3', '/usr/bin/python3'];

/** A Python with stomp.py: Debian's belongs to Debian's Python, which need not be the first of the path. */
export async function pythonWithStomp(): Promise<
  { readonly command: string } | { readonly unavailable: string }
> {
  for (const command of candidates) {
    if (command !== undefined && (await runCommand(command, ['-c', 'import stomp'])).ok) return { command };
  }
  return {
    unavailable:
      "no Python 3 with stomp.py: apt install python3-stomp, or pip install 'stomp.py==8.2.0', and name it by PYTHON",
  };
}
