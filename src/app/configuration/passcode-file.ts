import { resolve } from 'node:path';
import type { Finding } from '#schema/problems.js';
import type { GivenValue, Origin } from './origin.js';
import { readTextFile } from './read-file.js';

const maxBytes = 65_536;
const passcodePath = ['broker', 'passcode'] as const;
const filePath = ['broker', 'passcodeFile'] as const;

const ranks: Readonly<Record<Origin['kind'], number>> = { default: 0, file: 1, environment: 2, flag: 3 };

export interface ResolvedPasscode {
  readonly given: readonly GivenValue[];
  readonly findings: readonly Finding[];
}

function isAt(path: readonly string[]): (value: GivenValue) => boolean {
  return (value) =>
    value.path.length === path.length && value.path.every((step, index) => step === path[index]);
}

function readPasscode(
  name: string,
  folder: string,
): { readonly passcode: string } | { readonly reason: string } {
  const path = resolve(folder, name);
  const file = readTextFile(path, maxBytes);
  if (!file.ok) return { reason: `${path}: ${file.reason}` };
  const passcode = file.text.replace(/\r?\n$/u, '');
  if (/^[^\p{Cc}]+$/u.test(passcode)) return { passcode };
  return { reason: `${path}: it does not hold exactly one line of text` };
}

/**
 * The password and its file are two forms of one setting: that of the stronger source counts and the
 * other one is dropped; both from one source is a problem. Puts what the file holds in the place of the
 * password; its content never stands in a problem.
 */
export function resolvePasscode(
  given: readonly GivenValue[],
  folderOf: (origin: Origin) => string,
): ResolvedPasscode {
  const passcode = given.findLast(isAt(passcodePath));
  const file = given.findLast(isAt(filePath));
  if (file === undefined) return { given, findings: [] };
  const lead = passcode === undefined ? -1 : ranks[passcode.origin.kind] - ranks[file.origin.kind];
  if (lead > 0) return { given: given.filter((value) => !isAt(filePath)(value)), findings: [] };
  if (lead === 0) {
    const allowed = 'nothing, because broker.passcode is given too';
    return { given, findings: [{ path: filePath, value: file.value, allowed }] };
  }
  const others = given.filter((value) => !isAt(passcodePath)(value));
  // A name of a wrong type is the schema's to refuse.
  if (typeof file.value !== 'string' || file.value === '') return { given: others, findings: [] };
  const read = readPasscode(file.value, folderOf(file.origin));
  if ('reason' in read) {
    const allowed = `a file with the password at the broker; ${read.reason}`;
    return { given: others, findings: [{ path: filePath, value: file.value, allowed }] };
  }
  const origin = file.origin;
  return { given: [...others, { path: passcodePath, value: read.passcode, origin }], findings: [] };
}
