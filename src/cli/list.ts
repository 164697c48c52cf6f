import { Option } from 'commander';
import type { ListOptions } from '#app/gateway-client/requests.js';
import { longestList, requestStates } from '#core/request.js';
import type { Configure } from './command.js';
import { examples, gatewayNote, toListLength } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .addOption(new Option('-s, --status <status>', 'Only those in this state.').choices([...requestStates]))
    .option('-q, --queue <queue>', 'Only those of this queue.')
    .option('-p, --project <name>', 'Only those of this project.')
    .option('--parent <id>', 'Only the children of this request to several queues.')
    .option('--before <id>', 'Only those accepted before this one: the next page.')
    .option('-n, --limit <number>', `At most so many, up to ${longestList}; default 50.`, toListLength)
    .addOption(
      new Option('-o, --output <form>', 'How to print them.').choices(['table', 'json']).default('table'),
    )
    .option('--url <url>', 'Address of the gateway.')
    .addHelpText(
      'after',
      `
Lists requests, the newest first.
${gatewayNote}
${examples('replyto list --status sent', 'replyto list --queue demo.slow --limit 10 -o json')}`,
    )
    .action((options: ListOptions) =>
      run(async (context) => {
        const { listRequests } = await import('#app/gateway-client/requests.js');
        return listRequests(context, options);
      }),
    );
};
