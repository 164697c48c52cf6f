import { Option } from 'commander';
import type { StatusOptions } from '#app/gateway-client/requests.js';
import type { Configure } from './command.js';
import { examples, gatewayNote, toSeconds } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<id>', 'Id of the request.')
    .option('--reply', 'Print its reply instead.')
    .option('-w, --wait <seconds>', 'Wait for its next change, or for the reply.', toSeconds)
    .addOption(
      new Option('-o, --output <form>', 'How to print it.').choices(['table', 'json']).default('table'),
    )
    .option('--url <url>', 'Address of the gateway.')
    .addHelpText(
      'after',
      `${gatewayNote}
${examples('replyto status 0199b0c4-1f00-7000-8000-000000000000', 'replyto status my-id --reply --wait 60', 'replyto status my-id -o json')}`,
    )
    .action((id: string, options: StatusOptions) =>
      run(async (context) => {
        const { showStatus } = await import('#app/gateway-client/requests.js');
        return showStatus(context, id, options);
      }),
    );
};
