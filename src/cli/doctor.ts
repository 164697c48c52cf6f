import { Option } from 'commander';
import type { ServeFlags } from '#app/configuration/flags.js';
import type { Configure } from './command.js';
import { examples } from './command.js';
import { addServeOptions } from './serve-options.js';

type Given = ServeFlags & { readonly output: 'text' | 'json'; readonly url?: string };

export const configure: Configure = (command, run) => {
  addServeOptions(command)
    .addOption(
      new Option('-o, --output <form>', 'How to print it.').choices(['text', 'json']).default('text'),
    )
    .option('--url <url>', 'Address of a gateway that should run; default REPLYTO_URL.')
    .addHelpText(
      'after',
      `
Looks at the configuration, the data folder, the ports, the broker, who else uses the prefix, and the gateway, as a
start with the same file, variables and flags would meet them. Leaves nothing behind. Exit code 0: nothing is wrong;
else that of the first thing that is.
${examples('replyto doctor', 'BROKER_URL=stomp://broker.example.com:61613 replyto doctor -o json')}`,
    )
    .action(({ output, url, ...flags }: Given) =>
      run(async (context) => {
        const { doctor } = await import('#app/doctor/doctor.js');
        return doctor(context, { flags, url, output });
      }),
    );
};
