/**
 * Reads the files that settings name, so that what is wrong in them is told with all other problems and not by a start
 * that fails half-way. Whoever needs them reads them again: they may change.
 */
import type { Problem } from '#core/errors.js';
import type { Finding, Parsed, Path } from '#schema/problems.js';
import { readKeySet } from '../access/key-set-file.js';
import { readTokenFile } from '../access/token-file.js';
import type { TlsFileNames } from '../tls-files.js';
import { readTlsFiles, tlsSettings } from '../tls-files.js';
import type { Tree } from './tree.js';
import { valueOf } from './tree.js';

/** A problem whose field is a place in a file, and the setting that names the file. */
interface FileProblem {
  readonly setting: Path;
  readonly problem: Problem;
}

export interface NamedFiles {
  /** Of single places in a file. */
  readonly problems: readonly FileProblem[];
  /** Of a file as a whole. */
  readonly findings: readonly Finding[];
}

/** @param absolute the path of a setting's file */
export function checkNamedFiles(tree: Tree, absolute: (path: Path, name: string) => string): NamedFiles {
  const read = (
    value: unknown,
    path: Path,
    reader: (file: string) => Parsed<unknown>,
  ): readonly FileProblem[] => {
    // What is no name is the schema's to refuse.
    if (typeof value !== 'string' || value === '') return [];
    const result = reader(absolute(path, value));
    return result.ok ? [] : result.problems.map((problem) => ({ setting: path, problem }));
  };
  return {
    problems: [
      ...read(tree['authTokensFile'], ['authTokensFile'], readTokenFile),
      ...read(valueOf(tree, 'jwt', 'jwksFile'), ['jwt', 'jwksFile'], readKeySet),
    ],
    findings: [...tlsFindings(tree, 'http', absolute), ...tlsFindings(tree, 'broker', absolute)],
  };
}

function tlsFindings(
  tree: Tree,
  section: 'http' | 'broker',
  absolute: (path: Path, name: string) => string,
): Finding[] {
  const names: Partial<Record<keyof TlsFileNames, string>> = {};
  for (const [part, setting] of Object.entries(tlsSettings[section])) {
    const value = valueOf(tree, section, setting);
    if (typeof value === 'string' && value !== '') {
      names[part as keyof TlsFileNames] = absolute([section, setting], value);
    }
  }
  const result = readTlsFiles(names);
  if (result.ok) return [];
  const setting = tlsSettings[section][result.part];
  const value = valueOf(tree, section, setting);
  return [{ path: [section, setting], value, allowed: result.allowed }];
}
