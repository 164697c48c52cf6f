// The service of an example as a process of its own, in whatever language.
import { spawn } from 'node:child_process';

/** What an example ends with when this machine lacks what it needs (EX_UNAVAILABLE of BSD's sysexits). */
const lackingExitCode = 69;
const readyWithinMs = 120_000;

/** Ends the example with what is missing, in words. */
export function lacking(what) {
  console.error(`this example needs ${what}`);
  process.exit(lackingExitCode);
}

/** Resolves when its output matches `ready`. It is ended with this process, whatever ends that. */
export async function startService(command, parameters, { ready, ...options }) {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  process.on('exit', () => child.kill());
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${command} ${why}; it said: ${said}`));
    const timer = setTimeout(() => fail(`was not ready within ${readyWithinMs} ms`), readyWithinMs);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('close', (code, signal) => fail(`ended with ${code ?? signal}`));
    const hear = (text) => {
      said += text;
      if (!ready.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear).pipe(process.stderr);
  });
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
