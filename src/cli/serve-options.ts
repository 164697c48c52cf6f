import type { Command } from 'commander';
import { serveFlags } from '#app/configuration/flags.js';

/** Adds `--config` and a flag for each key that has one; the names are those of `ServeFlags`. */
export function addServeOptions(command: Command): Command {
  command.option(
    '-c, --config <file>',
    'Configuration file; default replyto.yaml in this folder, if it is there.',
  );
  for (const { flag, key, takesValue, description } of serveFlags) {
    command.option(takesValue ? `${flag} <value>` : flag, `${description.replaceAll('`', '')} (${key})`);
  }
  return command;
}
