import { readFileSync, statSync } from 'node:fs';

export type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly isMissing: boolean; readonly reason: string };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'the path is too long',
};

function reasonOf(thrown: unknown): string {
  const code =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return reasons[code] ?? (code === '' ? 'it cannot be read' : `it cannot be read (${code})`);
}

/** Reads a text file of the operator. Only regular files: a pipe could keep the start waiting for ever. */
export function readTextFile(path: string, maxBytes: number): FileText {
  try {
    const facts = statSync(path);
    if (!facts.isFile()) return { ok: false, isMissing: false, reason: 'it is not a regular file' };
    if (facts.size > maxBytes) {
      return { ok: false, isMissing: false, reason: `it is larger than ${maxBytes} bytes` };
    }
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (thrown) {
    if (thrown instanceof TypeError) {
      const reason = path.includes('\0') ? 'the path holds a NUL' : 'it is not UTF-8 text';
      return { ok: false, isMissing: false, reason };
    }
    const reason = reasonOf(thrown);
    return { ok: false, isMissing: reason === reasons['ENOENT'], reason };
  }
}
