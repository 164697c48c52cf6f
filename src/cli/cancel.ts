import type { DocumentForm } from '#app/gateway-client/documents.js';
import type { Configure } from './command.js';
import { examples, gatewayNote } from './command.js';
import { addRequestOptions } from './request-options.js';

export const configure: Configure = (command, run) => {
  addRequestOptions(command)
    .addHelpText(
      'after',
      `
Cancels an open request: nobody waits for it any more, and the service that works on it is told. Cancelling again is
no error; for a request that ended otherwise the command ends with exit code 1.
${gatewayNote}
${examples('replyto cancel my-id')}`,
    )
    .action((id: string, options: { readonly output: DocumentForm; readonly url?: string }) =>
      run(async (context) => {
        const { cancelRequest } = await import('#app/gateway-client/requests.js');
        return cancelRequest(context, id, options);
      }),
    );
};
