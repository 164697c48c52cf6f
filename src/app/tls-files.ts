/** Certificates and keys from files, read and tried before anybody connects. */
import { checkTlsMaterial } from '#adapters/stomp/tls-material.js';
import { isReplytoError } from '#core/errors.js';
import type { Configuration } from '#schema/configuration.js';
import { readTextFile } from './configuration/read-file.js';

/** Absolute paths. */
export interface TlsFileNames {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** As `node:tls` takes them; a member is missing where no file was named. */
export type TlsMaterial = Partial<Record<keyof TlsFileNames, string>>;

type TlsFiles =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly part: keyof TlsFileNames; readonly allowed: string };

/** The settings that name them, by section. */
export const tlsSettings: Readonly<Record<'http' | 'broker', Readonly<Record<keyof TlsFileNames, string>>>> =
  {
    http: { ca: 'tlsClientCaFile', cert: 'tlsCertFile', key: 'tlsKeyFile', passphrase: 'tlsPassphraseFile' },
    broker: { ca: 'tlsCaFile', cert: 'tlsCertFile', key: 'tlsKeyFile', passphrase: 'tlsPassphraseFile' },
  };

export function httpTlsFiles({ http }: Pick<Configuration, 'http'>): TlsFileNames {
  const { tlsClientCaFile, tlsCertFile, tlsKeyFile, tlsPassphraseFile } = http;
  return { ca: tlsClientCaFile, cert: tlsCertFile, key: tlsKeyFile, passphrase: tlsPassphraseFile };
}

export function brokerTlsFiles({ broker }: Pick<Configuration, 'broker'>): TlsFileNames {
  const { tlsCaFile, tlsCertFile, tlsKeyFile, tlsPassphraseFile } = broker;
  return { ca: tlsCaFile, cert: tlsCertFile, key: tlsKeyFile, passphrase: tlsPassphraseFile };
}

const maxBytes = 1_048_576;

const wholes: Readonly<Record<keyof TlsFileNames, string>> = {
  ca: 'a file with certificates in PEM form',
  cert: 'a file with a certificate in PEM form',
  key: 'a file with a private key in PEM form',
  passphrase: 'a file with the passphrase of the key',
};

/** What is wrong names the file; nothing of its content is told. */
export function readTlsFiles(names: TlsFileNames): TlsFiles {
  const material: TlsMaterial = {};
  for (const part of ['ca', 'cert', 'key', 'passphrase'] as const) {
    const path = names[part];
    if (path === undefined) continue;
    const file = readTextFile(path, maxBytes);
    if (!file.ok) return { ok: false, part, allowed: `${wholes[part]}; ${path}: ${file.reason}` };
    material[part] = part === 'passphrase' ? file.text.replace(/\r?\n$/u, '') : file.text;
  }
  try {
    checkTlsMaterial(material);
    return { ok: true, material };
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    const [problem] = error.problems;
    const field = problem?.field ?? '';
    const part = field === 'tls.ca' ? 'ca' : field === 'tls.cert' ? 'cert' : 'key';
    const belongs = field === 'tls' ? 'the private key of the certificate' : (problem?.allowed ?? '');
    return { ok: false, part, allowed: `${wholes[part]}; ${names[part] ?? ''}: not ${belongs}` };
  }
}
