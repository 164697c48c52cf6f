/** How the commands that work at the broker get there, without a gateway. */
import { resolve } from 'node:path';
import { queueNameProblem } from '#core/destination.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { CommandContext } from '../command-context.js';
import type { Environment } from '../configuration/environment.js';
import { readTextFile } from '../configuration/read-file.js';
import { redactedUrl } from '../configuration/secrets.js';
import type { Broker } from '../library/connect-broker.js';
import { connectBroker } from '../library/connect-broker.js';
import { addressRemedy } from '../unreached-broker.js';
import { createToolLogger } from './tool-logger.js';

/** Options that every such command has. */
export interface BrokerToolOptions {
  /** Before BROKER_URL; default the embedded broker on this machine. */
  readonly brokerUrl?: string | undefined;
  /** Before REPLYTO_PREFIX; default `replyto`. */
  readonly prefix?: string | undefined;
}

export interface ConnectedTool {
  readonly broker: Broker;
  /** As it may be shown. */
  readonly url: string;
}

/**
 * Connects; from then on lost connections are healed and told on stderr.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_LOGIN_REFUSED, BROKER_UNSUPPORTED, INVALID_ARGUMENT, each with what to do
 */
export async function connectTool(
  context: CommandContext,
  options: BrokerToolOptions,
): Promise<ConnectedTool> {
  const { environment } = context;
  const { url, name } = givenUrl(options, environment);
  const shown = redactedUrl(url);
  const logger = createToolLogger(context);
  const prefix = options.prefix ?? textOf(environment, 'REPLYTO_PREFIX');
  const login = textOf(environment, 'BROKER_LOGIN');
  const passcode = textOf(environment, 'BROKER_PASSCODE') ?? passcodeOfFile(context);
  const virtualHost = textOf(environment, 'BROKER_VIRTUAL_HOST');
  try {
    const broker = await connectBroker({
      url,
      logger,
      ...(prefix === undefined ? {} : { prefix }),
      ...(login === undefined ? {} : { login }),
      ...(passcode === undefined ? {} : { passcode }),
      ...(virtualHost === undefined ? {} : { virtualHost }),
    });
    logger.open();
    return { broker, url: shown };
  } catch (error) {
    const prefixName = options.prefix === undefined ? 'REPLYTO_PREFIX' : '--prefix';
    throw withRemedy(withNames(error, { 'broker.url': name, prefix: prefixName }), shown);
  }
}

/** A broker's address, and the option or variable that it comes from. */
interface GivenUrl {
  readonly url: string;
  readonly name: string;
}

/** `embedded:` is for a gateway; its broker listens on this machine. */
function givenUrl({ brokerUrl }: BrokerToolOptions, environment: Environment): GivenUrl {
  if (brokerUrl !== undefined) return { url: brokerUrl, name: '--broker-url' };
  const url = textOf(environment, 'BROKER_URL');
  if (url !== undefined && url !== 'embedded:') return { url, name: 'BROKER_URL' };
  const port = textOf(environment, 'BROKER_PORT');
  return {
    url: `stomp://127.0.0.1:${port === undefined || port === '0' ? '61613' : port}`,
    name: 'BROKER_PORT',
  };
}

/** The error with its fields called as they were given; the library knows them by its own names. */
function withNames(error: unknown, names: Readonly<Record<string, string>>): unknown {
  if (!isReplytoError(error) || error.code !== 'INVALID_ARGUMENT' || error.problems.length === 0)
    return error;
  const problems = error.problems.map((problem) => ({
    ...problem,
    field: names[problem.field] ?? problem.field,
  }));
  return new ReplytoError('INVALID_ARGUMENT', { problems, cause: error });
}

function textOf(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === '' ? undefined : text;
}

const maxPasscodeBytes = 65_536;

function passcodeOfFile({ environment, workingFolder }: CommandContext): string | undefined {
  const name = textOf(environment, 'BROKER_PASSCODE_FILE');
  if (name === undefined) return undefined;
  const file = readTextFile(resolve(workingFolder, name), maxPasscodeBytes);
  if (file.ok) return file.text.replace(/\r?\n$/u, '');
  const problems = [
    toProblem('BROKER_PASSCODE_FILE', name, `a file with the password at the broker; ${file.reason}`),
  ];
  throw new ReplytoError('INVALID_ARGUMENT', { problems });
}

const remedies: Readonly<Record<string, string>> = {
  BROKER_UNAVAILABLE: 'start the broker (or `replyto dev`), or name another by --broker-url or BROKER_URL',
  BROKER_LOGIN_REFUSED: 'give the login by BROKER_LOGIN and BROKER_PASSCODE, or inside of the URL',
};

function withRemedy(error: unknown, url: string): unknown {
  if (!isReplytoError(error)) return error;
  const remedy = addressRemedy(error, '--broker-url or BROKER_URL') ?? remedies[error.code];
  if (remedy === undefined) return error;
  const detail = `${error.message.includes('://') ? '' : `${url}: `}${error.message}; ${remedy}`;
  return new ReplytoError(error.code, { detail, cause: error });
}

/** @throws INVALID_ARGUMENT for what is no name of a queue */
export function checkQueue(name: string): void {
  const problem = queueNameProblem('queue', name);
  if (problem !== undefined) throw new ReplytoError('INVALID_ARGUMENT', { problems: [problem] });
}

/** Says so when a queue is not meant for commands; it may be looked into all the same. */
export async function warnOfOwnQueue(
  { stderr }: CommandContext,
  broker: Broker,
  name: string,
): Promise<void> {
  if (!broker.parts.own.isReserved(name)) return;
  await stderr.write(
    `warning: '${name}' is a queue of the product or of the broker itself; what is taken from it or put into it here, the gateway misses or trips over\n`,
  );
}
