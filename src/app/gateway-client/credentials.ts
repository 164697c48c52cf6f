/** How the commands that speak HTTP say who they are, and whom they trust. */
import { resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Environment } from '../configuration/environment.js';
import { readTextFile } from '../configuration/read-file.js';
import { readTlsFiles } from '../tls-files.js';

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** For an https: address. */
  readonly tls: ConnectionOptions;
}

const maxTokenBytes = 65_536;
const variables = { ca: 'REPLYTO_CA_FILE', cert: 'REPLYTO_CERT_FILE', key: 'REPLYTO_KEY_FILE' } as const;

/**
 * REPLYTO_TOKEN, or the content of REPLYTO_TOKEN_FILE, goes along as bearer. REPLYTO_CA_FILE holds the authorities that
 * are trusted besides those that NODE_EXTRA_CA_CERTS names, REPLYTO_CERT_FILE and REPLYTO_KEY_FILE the certificate that is
 * shown.
 *
 * @throws INVALID_ARGUMENT; nothing of a token or a key stands in it
 */
export function readCredentials(environment: Environment): Credentials {
  const token = readToken(environment);
  return { headers: token === '' ? {} : { Authorization: `Bearer ${token}` }, tls: readTls(environment) };
}

function textOf(environment: Environment, name: string): string {
  return (environment[name] ?? '').trim();
}

function readToken(environment: Environment): string {
  const given = textOf(environment, 'REPLYTO_TOKEN');
  const name = textOf(environment, 'REPLYTO_TOKEN_FILE');
  let token = given;
  if (name !== '') {
    if (given !== '')
      throw refused('REPLYTO_TOKEN_FILE', name, 'nothing, because REPLYTO_TOKEN is given too');
    const file = readTextFile(resolve(name), maxTokenBytes);
    if (!file.ok) throw refused('REPLYTO_TOKEN_FILE', name, `a file with a token; ${file.reason}`);
    token = file.text.trim();
  }
  // Anything else would break the call, with the token in the reason.
  if (token !== '' && !/^[\x21-\x7e]+$/u.test(token)) {
    const field = name === '' ? 'REPLYTO_TOKEN' : 'REPLYTO_TOKEN_FILE';
    throw refused(field, undefined, 'one token, of visible ASCII');
  }
  return token;
}

function readTls(environment: Environment): ConnectionOptions {
  const named = Object.entries(variables).map(([part, name]) => [part, textOf(environment, name)] as const);
  const files = Object.fromEntries(
    named.filter(([, path]) => path !== '').map(([part, path]) => [part, resolve(path)]),
  );
  const result = readTlsFiles(files);
  if (result.ok) return result.material;
  const name = result.part === 'passphrase' ? variables.key : variables[result.part];
  throw refused(name, undefined, result.allowed);
}

function refused(field: string, value: string | undefined, allowed: string): ReplytoError {
  return new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem(field, value, allowed)] });
}
