import type { Configure } from './command.js';
import { examples } from './command.js';

export const configure: Configure = (command, run) => {
  command
    .argument('<name>', 'Who will call with it; requests belong to this name.')
    .addHelpText(
      'after',
      `
Prints a fresh random token, once: nothing keeps it. Then the entry for the file of AUTH_TOKENS_FILE, which holds only
its hash; narrow its rights before you paste it. A running gateway reads the file again by itself.
${examples('replyto token shop', 'replyto token shop >> tokens.yaml   # the token goes to the terminal alone')}`,
    )
    .action((name: string) =>
      run(async (context) => {
        const { makeToken } = await import('#app/access/make-token.js');
        return makeToken(context, name);
      }),
    );
};
