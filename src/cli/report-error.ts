import type { CommandContext } from '#app/command-context.js';
import { harmless } from '#app/message-text.js';
import type { ReplytoError } from '#core/errors.js';
import { toReplytoError } from '#core/errors.js';

/**
 * Tells an error on stderr: `error:` with a sentence, and one line for each thing that is wrong. A stack only with
 * LOG_LEVEL=debug. Gives the exit code of the error table.
 */
export async function reportError(error: unknown, { stderr, environment }: CommandContext): Promise<number> {
  const known = toReplytoError(error);
  const { code, kind, message, problems } = known;
  // With problems the message only repeats the first of them.
  const sentence = problems.length > 0 ? headline(known) : code === 'INTERNAL' ? internal(known) : message;
  const label = stderr.isColourful ? '\u001b[31merror:\u001b[0m' : 'error:';
  const lines = [
    `${label} ${harmless(sentence)}`,
    ...problems.map(({ field, value, allowed }) =>
      harmless(`  ${field}${value === undefined ? '' : ` '${value}'`}: ${allowed}`),
    ),
    ...(environment['LOG_LEVEL'] === 'debug' ? [stacks(error)] : []),
  ];
  await stderr.write(`${lines.join('\n')}\n`);
  return kind.exitCode;
}

/** The table's sentence of a wrong argument is for programs that use the library. */
function headline({ code, kind }: ReplytoError): string {
  return code === 'INVALID_ARGUMENT' ? 'What this command was given is not acceptable.' : kind.sentence;
}

/** The table's sentence sends people to a log that a command does not have. */
function internal({ message, cause }: { readonly message: string; readonly cause?: unknown }): string {
  return cause instanceof Error ? `${cause.message} (LOG_LEVEL=debug shows where)` : message;
}

function stacks(error: unknown): string {
  const texts: string[] = [];
  for (let next = error; next instanceof Error && texts.length < 5; next = next.cause) {
    texts.push(next.stack ?? next.message);
  }
  return texts.join('\ncaused by ');
}
