import type { LifeOptions } from '#app/gateway-client/request-life.js';
import type { Configure } from './command.js';
import { examples, gatewayNote } from './command.js';
import { addRequestOptions } from './request-options.js';

export const configure: Configure = (command, run) => {
  addRequestOptions(command)
    .addHelpText(
      'after',
      `
Every state, send, receipt, reply and forward of the request, with the time, the milliseconds since it was accepted, and
the gateway that did it.
${gatewayNote}
${examples('replyto trace my-id', 'replyto trace my-id -o json')}`,
    )
    .action((id: string, options: LifeOptions) =>
      run(async (context) => {
        const { showTrace } = await import('#app/gateway-client/request-life.js');
        return showTrace(context, id, options);
      }),
    );
};
