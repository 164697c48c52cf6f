import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';
import type { Configuration } from '#schema/configuration.js';

/** The process's log, on stderr, so that stdout stays for results. */
export function createLogger({ level, format }: Configuration['log'], isTerminal: boolean): PinoLogger {
  const options = { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  if (!isPretty)
    return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, pino.destination(2));
  return pino(
    options,
    pretty({ destination: 2, colorize: isTerminal, translateTime: 'SYS:HH:MM:ss', sync: true }),
  );
}
