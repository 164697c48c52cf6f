/** `replyto config check`, `print` and `reference`. */
import type { CommandContext } from './command-context.js';
import { withoutMessageVariables } from './broker-tools/message-variables.js';
import type { ServeFlags } from './configuration/flags.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { loadConfiguration } from './configuration/load.js';
import { nearMissesInWords } from './configuration/near-misses.js';
import { printConfiguration } from './configuration/print.js';
import { referencePage } from './configuration/reference.js';
import { harmless } from './message-text.js';

function load({ environment, workingFolder }: CommandContext, flags: ServeFlags): LoadedConfiguration {
  return loadConfiguration({ environment: withoutMessageVariables(environment), flags, workingFolder });
}

/**
 * Says that the configuration is complete, and on stderr which variables were probably meant for it.
 *
 * @throws INVALID_CONFIGURATION with all that is wrong
 */
export async function checkConfiguration(context: CommandContext, flags: ServeFlags): Promise<number> {
  // First, because they often explain what is wrong.
  const notes = nearMissesInWords(context.environment);
  if (notes.length > 0) await context.stderr.write(notes.map((note) => `note: ${harmless(note)}\n`).join(''));
  const { file } = load(context, flags);
  await context.stdout.write(`The configuration is complete (${file ?? 'no replyto.yaml'}).\n`);
  return 0;
}

/** Every key with its value and where that came from; secrets are hidden. @throws INVALID_CONFIGURATION */
export async function showConfiguration(context: CommandContext, flags: ServeFlags): Promise<number> {
  const { configuration, origins } = load(context, flags);
  await context.stdout.write(printConfiguration(configuration, origins));
  return 0;
}

/** The reference page of the configuration, in Markdown. */
export async function showReference({ stdout }: CommandContext): Promise<number> {
  await stdout.write(referencePage());
  return 0;
}
