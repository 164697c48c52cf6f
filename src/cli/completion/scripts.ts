/** Completion scripts, written once from the commands: a shell asks nothing of the program while somebody types. */
import type { CompletedCommand, CompletedOption } from './words.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return `#compdef replyto\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case 'fish':
      return fish(commands);
  }
}

/** Within single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function wordsOf({ subcommands, choices, options }: CompletedCommand): string {
  return [...subcommands.map(({ name }) => name), ...choices, ...options.flatMap(({ flags }) => flags)].join(
    ' ',
  );
}

/** Where values are files or anything else, the shell offers what it always does. */
function bash(commands: readonly CompletedCommand[]): string {
  const nested = commands.flatMap(({ path }) => (path === '' ? [] : [quoted(path)]));
  const words = commands.map(
    (command) => `    ${quoted(command.path)}) words=${quoted(wordsOf(command))} ;;`,
  );
  const values = commands.flatMap((command) =>
    command.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices }) => {
        const cases = flags.map((flag) => quoted(`${command.path}:${flag}`)).join('|');
        return `    ${cases}) words=${quoted(choices.join(' '))}; only=1 ;;`;
      }),
  );
  return `_replyto() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' word words='' only='' index
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    word="\${COMP_WORDS[index]}"
    case "\${path:+$path }$word" in
    ${nested.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  case "$path:$previous" in
${values.join('\n')}
  esac
  COMPREPLY=()
  if [ -n "$only" ] && [ -z "$words" ]; then return; fi
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F _replyto replyto
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const condition = conditionOf(command);
    return [
      ...command.subcommands.map(
        ({ name, summary }) => `complete -c replyto -f -n ${condition} -a ${name} -d ${quoted(summary)}`,
      ),
      ...command.choices.map((choice) => `complete -c replyto -f -n ${condition} -a ${quoted(choice)}`),
      ...command.options.map((option) => fishOption(condition, option)),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function conditionOf({ path, subcommands }: CompletedCommand): string {
  if (path === '') return quoted('__fish_use_subcommand');
  const seen = path.split(' ').map((name) => `__fish_seen_subcommand_from ${name}`);
  const names = subcommands.map(({ name }) => name).join(' ');
  return quoted(
    [...seen, ...(names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`])].join('; and '),
  );
}

function fishOption(condition: string, { flags, description, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? ' -r' : '';
  const words = choices.length === 0 ? '' : ` -f -a ${quoted(choices.join(' '))}`;
  return `complete -c replyto -n ${condition} ${names.join(' ')} -d ${quoted(description)}${value}${words}`;
}
