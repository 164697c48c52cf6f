/** Where a function of a profile stands, for people: in the source and not in what was built from it. */
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export interface Place {
  /** File and line from the root of the repository or of its package; for what V8 does by itself its name. */
  readonly text: string;
  /** The folder of the product, the package, or what else stands for many. */
  readonly group: string;
  /** In the product. */
  readonly isOurs: boolean;
}

/** Remembers the source maps that it reads. */
export function createPlaces(root: string): (frame: CallFrame) => Place {
  const maps = new Map<string, SourceMap | null>();

  function mapOf(path: string): SourceMap | null {
    const known = maps.get(path);
    if (known !== undefined) return known;
    const file = `${path}.map`;
    const payload: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
    const map = payload === null ? null : new SourceMap(payload as SourceMap['payload']);
    maps.set(path, map);
    return map;
  }

  function ownPlace(path: string, { lineNumber, columnNumber }: CallFrame): Place {
    const entry = mapOf(path)?.findEntry(lineNumber, columnNumber);
    const isMapped = entry !== undefined && 'originalSource' in entry;
    const source = isMapped ? resolve(dirname(path), entry.originalSource) : path;
    const line = isMapped ? entry.originalLine : lineNumber;
    const name = relative(root, source);
    const folders = dirname(name).split('/');
    const group = folders.slice(0, folders[1] === 'adapters' ? 3 : 2).join('/');
    return { text: `${name}:${line + 1}`, group, isOurs: name.startsWith('src/') };
  }

  return (frame) => {
    const { functionName, url, lineNumber } = frame;
    if (url === '') {
      const isState = functionName.startsWith('(');
      return {
        text: isState ? functionName : 'native',
        group: isState ? functionName : 'native',
        isOurs: false,
      };
    }
    if (url.startsWith('node:')) return { text: `${url}:${lineNumber + 1}`, group: 'Node', isOurs: false };
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    const inPackage = /.*\/node_modules\/(?<file>(?<name>(?:@[^/]+\/)?[^/]+)\/.*)$/u.exec(path)?.groups;
    if (inPackage === undefined) return ownPlace(path, frame);
    return {
      text: `${inPackage['file'] ?? ''}:${lineNumber + 1}`,
      group: inPackage['name'] ?? '',
      isOurs: false,
    };
  };
}
