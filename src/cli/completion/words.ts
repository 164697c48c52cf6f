import type { Command, Option } from 'commander';

/** One command, as a shell has to know it. */
export interface CompletedCommand {
  /** `config check`; empty for the program itself. */
  readonly path: string;
  readonly summary: string;
  /** Names of what may follow. */
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  /** Of its first argument, where only some words are right. */
  readonly choices: readonly string[];
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** `-o`, `--output`: both where both exist. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Whether a value follows. */
  readonly takesValue: boolean;
  /** Values, where only some are right. */
  readonly choices: readonly string[];
}

/** The program and all its commands, the deeper ones after the others. */
export function completedCommands(program: Command, path = ''): CompletedCommand[] {
  const commands = program.commands.filter((command) => command.name() !== 'help');
  return [
    {
      path,
      summary: program.description(),
      subcommands: commands.map((command) => ({ name: command.name(), summary: command.description() })),
      choices: [...(program.registeredArguments[0]?.argChoices ?? [])],
      options: program.createHelp().visibleOptions(program).map(toOption),
    },
    ...commands.flatMap((command) => completedCommands(command, `${path} ${command.name()}`.trim())),
  ];
}

function toOption({ short, long, description, required, optional, argChoices }: Option): CompletedOption {
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}
