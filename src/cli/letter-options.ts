import type { Command } from 'commander';
import { Option } from 'commander';
import { longestList } from '#core/request.js';
import { toListLength } from './command.js';

/** Of every command about letters and deliveries. */
export function addGatewayOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-o, --output <form>',
        'How to print it; default a table on a terminal, else lines of JSON.',
      ).choices(['table', 'json']),
    )
    .option('--url <url>', 'Address of the gateway.');
}

export function addFilterOptions(command: Command): Command {
  return command.option('--older-than <age>', 'Only what came so long ago or longer, such as 1h or 7d.');
}

export function addListOptions(command: Command): Command {
  return addGatewayOptions(
    command
      .option('--before <id>', 'Only those that came before this one: the next page.')
      .option('-n, --limit <number>', `At most so many, up to ${longestList}; default 50.`, toListLength),
  );
}

export const ageNote = `
An age is a number with its unit: ms, s, m, h or d.
`;
