import type { ServeFlags } from '#app/configuration/flags.js';
import type { Configure } from './command.js';
import { examples } from './command.js';
import { addServeOptions } from './serve-options.js';

export const configure: Configure = (command, run) => {
  addServeOptions(command)
    .addHelpText(
      'after',
      `
Settings come from replyto.yaml, the environment and these flags, the later going before the earlier;
'replyto config reference' explains every one. Ctrl-C and SIGTERM end it in order within 25 s, a second one at once.
${examples(
  'replyto serve',
  'BROKER_URL=stomp://broker.example.com:61613 replyto serve --data-dir /var/lib/replyto',
  'replyto serve --config /etc/replyto.yaml --log-format json',
)}`,
    )
    .action((flags: ServeFlags) =>
      run(async (context) => {
        const { serve } = await import('#app/serve.js');
        return serve(context, flags);
      }),
    );
};
