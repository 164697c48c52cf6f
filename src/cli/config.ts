import type { ServeFlags } from '#app/configuration/flags.js';
import type { Configure } from './command.js';
import { examples } from './command.js';
import { addServeOptions } from './serve-options.js';

export const configure: Configure = (command, run) => {
  addServeOptions(
    command.command('check').description('Say what is wrong with the configuration, all at once.'),
  )
    .addHelpText('after', examples('replyto config check --config replyto.yaml'))
    .action((flags: ServeFlags) =>
      run(async (context) => {
        const { checkConfiguration } = await import('#app/show-configuration.js');
        return checkConfiguration(context, flags);
      }),
    );
  addServeOptions(
    command
      .command('print')
      .description('Show every key, its value and where that came from; secrets are hidden.'),
  )
    .addHelpText('after', examples('replyto config print', 'PORT=9000 replyto config print'))
    .action((flags: ServeFlags) =>
      run(async (context) => {
        const { showConfiguration } = await import('#app/show-configuration.js');
        return showConfiguration(context, flags);
      }),
    );
  command
    .command('reference')
    .description('Print the reference page of the configuration, in Markdown.')
    .addHelpText('after', examples('replyto config reference | less'))
    .action(() =>
      run(async (context) => {
        const { showReference } = await import('#app/show-configuration.js');
        return showReference(context);
      }),
    );
  command.addHelpText(
    'after',
    examples('replyto config check', 'replyto config print', 'replyto config reference'),
  );
};
