import type { ServeFlags } from '#app/configuration/flags.js';
import type { Configure } from './command.js';
import { examples } from './command.js';
import { addServeOptions } from './serve-options.js';

export const configure: Configure = (command, run) => {
  addServeOptions(command)
    .addHelpText(
      'after',
      `
Runs a gateway with services to try it (demo.echo, demo.slow, demo.faulty, orion.workflow.create) and prints lines
to copy. Logs warnings only, unless a level is chosen. Not for production. Ctrl-C ends it.
${examples('replyto dev', 'replyto dev --port 0 --broker-port 0 --data-dir /tmp/try')}`,
    )
    .action((flags: ServeFlags) =>
      run(async (context) => {
        const { dev } = await import('#app/dev.js');
        return dev(context, flags);
      }),
    );
};
