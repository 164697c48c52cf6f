import type { CommandContext } from '../command-context.js';
import type { TextLogger } from '../text-logger.js';
import { createTextLogger, logLevels } from '../text-logger.js';

/** The log of a command, on stderr. `LOG_LEVEL` chooses the least that is told; what is no level counts as `warn`. */
export function createToolLogger({ stderr, environment }: CommandContext): TextLogger {
  const least = logLevels.find((level) => level === environment['LOG_LEVEL']) ?? 'warn';
  return createTextLogger({ least, writeLine: (line) => void stderr.write(`${line}\n`) });
}
