import { dirname, resolve } from 'node:path';
import { toProblem } from '#core/errors.js';
import type { Given } from './flatten.js';
import { flatten } from './flatten.js';
import { readTextFile } from './read-file.js';
import { parseYaml } from './yaml.js';

const defaultName = 'replyto.yaml';
const maxBytes = 1_048_576;

/** A file that was named, and by which flag or variable. */
export interface NamedFile {
  readonly path: string;
  readonly namedBy: string;
}

export interface ConfigurationFile extends Given {
  /** Absolute; null when there is none. */
  readonly path: string | null;
  /** Paths that stand in the file are relative to this folder. */
  readonly folder: string;
  /** False when the values that stand in it are not known: what depends on them cannot be judged. */
  readonly isReadable: boolean;
}

/** Reads the named file, which must be there, or else `replyto.yaml` in the working folder if it is. */
export function readConfigurationFile(
  named: NamedFile | undefined,
  workingFolder: string,
): ConfigurationFile {
  const name = named?.path ?? defaultName;
  const path = resolve(workingFolder, name);
  const folder = dirname(path);
  const file = readTextFile(path, maxBytes);
  if (!file.ok) {
    if (named === undefined && file.isMissing) {
      return { path: null, folder, isReadable: true, values: [], problems: [] };
    }
    const allowed = `the path of a configuration file; ${file.reason}`;
    const problems = [toProblem(named?.namedBy ?? name, named?.path, allowed)];
    return { path, folder, isReadable: false, values: [], problems };
  }
  const yaml = parseYaml(file.text, name);
  if (!yaml.ok) return { path, folder, isReadable: false, values: [], problems: yaml.problems };
  return { path, folder, isReadable: true, ...flatten(yaml.value, { kind: 'file', name }, name) };
}
