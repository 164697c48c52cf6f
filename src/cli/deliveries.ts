import type { DeliveriesOptions } from '#app/gateway-client/deliveries.js';
import type { Configure } from './command.js';
import { examples, gatewayNote, toCount } from './command.js';
import { addGatewayOptions } from './letter-options.js';

export const configure: Configure = (command, run) => {
  addGatewayOptions(
    command
      .argument('<request>', 'Id of the request.')
      .option('--to <queue>', 'Send its reply to this queue too.')
      .option('--reply <number>', 'Which reply; default 1, the answer, now or when it comes.', toCount),
  )
    .addHelpText(
      'after',
      `
Lists where the reply of a request goes besides its caller: to its Reply-To, and to queues that were added by --to, now
or when the reply comes.
${gatewayNote}
${examples('replyto deliveries my-id', 'replyto deliveries my-id --to answers', 'replyto deliveries my-id --to answers --reply 2')}`,
    )
    .action((requestId: string, options: DeliveriesOptions) =>
      run(async (context) => {
        const { showDeliveries } = await import('#app/gateway-client/deliveries.js');
        return showDeliveries(context, requestId, options);
      }),
    );
};
