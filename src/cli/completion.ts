import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Configure } from './command.js';
import { examples } from './command.js';
import type { Shell } from './completion/scripts.js';
import { completionScript, shells } from './completion/scripts.js';
import { completedCommands } from './completion/words.js';

/** `wholeProgram`: with every command configured, which the one that runs is not. */
export function configureCompletion(wholeProgram: () => Promise<Command>): Configure {
  return (command, run) => {
    command
      .addArgument(new Argument('<shell>', 'Which shell.').choices(shells))
      .addHelpText(
        'after',
        `
The script completes commands, options and their values of the installed command \`replyto\`, not of \`npm run\`; after
an update of replyto it is made again.
${examples(
  'replyto completion bash > ~/.local/share/bash-completion/completions/replyto',
  'replyto completion zsh > ~/.zsh/completions/_replyto   # a folder of $fpath',
  'replyto completion fish > ~/.config/fish/completions/replyto.fish',
)}`,
      )
      .action((shell: Shell) =>
        run(async ({ stdout }) => {
          await stdout.write(completionScript(shell, completedCommands(await wholeProgram())));
          return 0;
        }),
      );
  };
}
