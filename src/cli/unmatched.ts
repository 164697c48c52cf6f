import type {
  ListLettersOptions,
  LetterOptions,
  ManyLettersOptions,
  ShowLetterOptions,
} from '#app/gateway-client/letters.js';
import type { Configure } from './command.js';
import { examples, gatewayNote } from './command.js';
import { addFilterOptions, addGatewayOptions, addListOptions, ageNote } from './letter-options.js';

export const configure: Configure = (command, run) => {
  addListOptions(
    addFilterOptions(
      command.command('list', { isDefault: true }).description('List them, the newest first.'),
    ),
  )
    .addHelpText('after', `${ageNote}${examples('replyto unmatched list --limit 10')}`)
    .action((options: ListLettersOptions) =>
      run(async (context) => {
        const { listLetters, unmatchedReplies } = await import('#app/gateway-client/letters.js');
        return listLetters(context, unmatchedReplies, options);
      }),
    );

  addGatewayOptions(
    command
      .command('show')
      .description('Show all that is known of one.')
      .argument('<id>', 'Id of the reply, as in the list.')
      .option('--body', 'Its body as it is, and nothing else.'),
  )
    .addHelpText('after', examples('replyto unmatched show 17', 'replyto unmatched show 17 --body'))
    .action((id: string, options: ShowLetterOptions) =>
      run(async (context) => {
        const { showLetter, unmatchedReplies } = await import('#app/gateway-client/letters.js');
        return showLetter(context, unmatchedReplies, id, options);
      }),
    );

  addGatewayOptions(
    command
      .command('match')
      .description('Name the request that a reply is for.')
      .argument('<id>', 'Id of the reply, as in the list.')
      .argument('<request>', 'Id of the request.'),
  )
    .addHelpText(
      'after',
      `
As if the reply had come with that id: an open request ends by it, for one that has ended it is kept as late or as a
duplicate. Prints the request.
${examples('replyto unmatched match 17 0199b0c4-1f00-7000-8000-000000000000')}`,
    )
    .action((id: string, requestId: string, options: LetterOptions) =>
      run(async (context) => {
        const { matchReply } = await import('#app/gateway-client/letters.js');
        return matchReply(context, { id, requestId }, options);
      }),
    );

  addGatewayOptions(
    addFilterOptions(
      command
        .command('drop')
        .description('Remove them for good.')
        .argument('[ids...]', 'Ids of replies; or a filter.'),
    ).option('--all', 'Every one that there is.'),
  )
    .addHelpText(
      'after',
      `${ageNote}${examples('replyto unmatched drop 17', 'replyto unmatched drop --older-than 1d')}`,
    )
    .action((ids: readonly string[], options: ManyLettersOptions) =>
      run(async (context) => {
        const { dropLetters, unmatchedReplies } = await import('#app/gateway-client/letters.js');
        return dropLetters(context, unmatchedReplies, ids, options);
      }),
    );

  command.addHelpText(
    'after',
    `
Replies that name no request that is known. They go when retention.finalMs is over.
${gatewayNote}
${examples('replyto unmatched', 'replyto unmatched match 17 my-id')}`,
  );
};
