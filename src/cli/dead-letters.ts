import type { Command } from 'commander';
import { Option } from 'commander';
import type { EditLetterOptions } from '#app/gateway-client/edit-letter.js';
import type {
  ListLettersOptions,
  ManyLettersOptions,
  ShowLetterOptions,
} from '#app/gateway-client/letters.js';
import type { Configure } from './command.js';
import { collect, examples, gatewayNote } from './command.js';
import { addFilterOptions, addGatewayOptions, addListOptions, ageNote } from './letter-options.js';

/** Dead letters are of a queue and of two kinds. */
function addDeadLetterFilter(command: Command): Command {
  return addFilterOptions(
    command
      .addOption(
        new Option('-k, --kind <kind>', 'Only those of this kind.').choices(['dead-letter', 'invalid']),
      )
      .option('-q, --queue <queue>', 'Only those of this queue.'),
  );
}

export const configure: Configure = (command, run) => {
  addListOptions(
    addDeadLetterFilter(
      command.command('list', { isDefault: true }).description('List them, the newest first.'),
    ),
  )
    .addHelpText('after', `${ageNote}${examples('replyto dead-letters list --queue orders.create')}`)
    .action((options: ListLettersOptions) =>
      run(async (context) => {
        const { deadLetters, listLetters } = await import('#app/gateway-client/letters.js');
        return listLetters(context, deadLetters, options);
      }),
    );

  addGatewayOptions(
    command
      .command('show')
      .description('Show all that is known of one.')
      .argument('<id>', 'Id of the letter, as in the list.')
      .option('--body', 'Its body as it is, and nothing else.'),
  )
    .addHelpText('after', examples('replyto dead-letters show 17', 'replyto dead-letters show 17 --body'))
    .action((id: string, options: ShowLetterOptions) =>
      run(async (context) => {
        const { deadLetters, showLetter } = await import('#app/gateway-client/letters.js');
        return showLetter(context, deadLetters, id, options);
      }),
    );

  addGatewayOptions(
    addDeadLetterFilter(
      command
        .command('retry')
        .description('Send them again, to where they came from.')
        .argument('[ids...]', 'Ids of letters; or a filter.'),
    ).option('--all', 'Every letter that there is.'),
  )
    .addHelpText(
      'after',
      `
Each goes as a first attempt, under its own Message-ID. What fails again comes back as a new letter.
${ageNote}${examples('replyto dead-letters retry 17 18', 'replyto dead-letters retry --queue orders.create --older-than 1h')}`,
    )
    .action((ids: readonly string[], options: ManyLettersOptions) =>
      run(async (context) => {
        const { retryLetters } = await import('#app/gateway-client/letters.js');
        return retryLetters(context, ids, options);
      }),
    );

  addGatewayOptions(
    command
      .command('edit')
      .description('Change what would be sent again.')
      .argument('<id>', 'Id of the letter.')
      .option('-d, --data <text>', 'New body: text, @file, or @- for standard input.')
      .option('-t, --content-type <type>', 'New content type.')
      .option(
        '-H, --header <header>',
        "Header, 'X-Name: value', or 'X-Name:' to take it away; may be given several times.",
        collect,
      )
      .option('--retry', 'Send it again at once.'),
  )
    .addHelpText(
      'after',
      `
Without --data, --content-type and -H its body is opened in the editor that VISUAL or EDITOR names.
${examples('EDITOR=vi replyto dead-letters edit 17', 'replyto dead-letters edit 17 --data @fixed.json --retry')}`,
    )
    .action((id: string, options: EditLetterOptions) =>
      run(async (context) => {
        const { editLetter } = await import('#app/gateway-client/edit-letter.js');
        return editLetter(context, id, options);
      }),
    );

  addGatewayOptions(
    addDeadLetterFilter(
      command
        .command('drop')
        .description('Remove them for good.')
        .argument('[ids...]', 'Ids of letters; or a filter.'),
    ).option('--all', 'Every letter that there is.'),
  )
    .addHelpText(
      'after',
      `${ageNote}${examples('replyto dead-letters drop 17', 'replyto dead-letters drop --kind invalid --older-than 30d')}`,
    )
    .action((ids: readonly string[], options: ManyLettersOptions) =>
      run(async (context) => {
        const { deadLetters, dropLetters } = await import('#app/gateway-client/letters.js');
        return dropLetters(context, deadLetters, ids, options);
      }),
    );

  command.addHelpText(
    'after',
    `
Requests that no service could process, replies that could not be delivered, and messages that could not be read. They
stay until somebody decides.
${gatewayNote}
${examples('replyto dead-letters', 'replyto dead-letters edit 17 --data @fixed.json --retry', 'replyto dead-letters drop --older-than 30d')}`,
  );
};
