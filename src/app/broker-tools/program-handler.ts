import { Fault } from '#core/fault.js';
import { contents } from '#messaging/contents.js';
import type { Handler } from '#messaging/handler-run.js';
import type { CommandContext } from '../command-context.js';
import type { ProgramEnd, ProgramRun } from './child-program.js';
import { runProgram } from './child-program.js';
import { messageVariables } from './message-variables.js';

export interface ProgramHandlerOptions {
  readonly context: CommandContext;
  readonly queue: string;
  readonly command: string;
  /** Of the reply; absent: that of the request. */
  readonly contentType?: string | undefined;
}

/** Programs that answer requests. */
export interface ProgramHandler {
  readonly handler: Handler;
  /** Ends those that still run. */
  killAll(): void;
}

/** What a gateway takes as a reply. */
const maxOutputBytes = 10 * 1024 * 1024;
/** BSD's EX_USAGE: the request is at fault, and asking again will not help. */
const faultExitCode = 64;

/**
 * Answers each request by a run of the command: body on stdin, reply on stdout, the message in the environment.
 * Exit 0 replies, exit 64 is a Fault with stderr as its message, everything else an error that is retried.
 */
export function createProgramHandler(options: ProgramHandlerOptions): ProgramHandler {
  const { context, queue, command } = options;
  const runs = new Set<ProgramRun>();

  const handler: Handler = async (request, { signal }) => {
    const run = runProgram({
      command,
      input: request.body,
      environment: { ...context.environment, ...messageVariables(queue, request) },
      workingFolder: context.workingFolder,
      maxOutputBytes,
      onStderr: (chunk) => void context.stderr.write(chunk),
    });
    runs.add(run);
    const onAbort = (): void => {
      // A service that is asked to end finishes what it has begun.
      if (signal.reason !== 'shutting-down') run.kill();
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      return toReply(await run.ended, options.contentType ?? request.contentType);
    } finally {
      signal.removeEventListener('abort', onAbort);
      runs.delete(run);
    }
  };

  return {
    handler,
    killAll: () => {
      for (const run of runs) run.kill();
    },
  };
}

function toReply(end: ProgramEnd, contentType: string | null): unknown {
  switch (end.kind) {
    case 'exit': {
      const { code, output, errorText } = end;
      if (code === 0) return contents(output, { contentType });
      const said = errorText === '' ? `the program ended with exit code ${code}` : errorText;
      if (code === faultExitCode) throw new Fault(`EXIT_${faultExitCode}`, said);
      throw new Error(`the program ended with exit code ${code}${lastLine(errorText)}`);
    }
    case 'signal':
      throw new Error(`the program was ended by ${end.signal}${lastLine(end.errorText)}`);
    case 'overflow':
      throw new Error(`the program wrote more than ${maxOutputBytes} bytes`);
    case 'unstartable':
      throw new Error(`the program could not be started: ${end.reason}`);
  }
}

function lastLine(text: string): string {
  const line = text.split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
