import type { LifeOptions } from '#app/gateway-client/request-life.js';
import type { Configure } from './command.js';
import { examples, gatewayNote } from './command.js';
import { addRequestOptions } from './request-options.js';

export const configure: Configure = (command, run) => {
  addRequestOptions(command)
    .addHelpText(
      'after',
      `
What the request waits for and since when, how its queue stands where the broker tells, what else is known, and what
somebody can do. It takes a second where the broker does not answer.
${gatewayNote}
${examples('replyto why my-id', 'replyto why my-id -o json')}`,
    )
    .action((id: string, options: LifeOptions) =>
      run(async (context) => {
        const { showWhy } = await import('#app/gateway-client/request-life.js');
        return showWhy(context, id, options);
      }),
    );
};
