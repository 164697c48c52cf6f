import type { Command } from 'commander';
import { Option } from 'commander';

/** What the commands about one request take. */
export function addRequestOptions(command: Command): Command {
  return command
    .argument('<id>', 'Id of the request.')
    .addOption(
      new Option('-o, --output <form>', 'How to print it.').choices(['table', 'json']).default('table'),
    )
    .option('--url <url>', 'Address of the gateway.');
}
