/**
 * Hears of changes of files while a process runs. A watch on their folders sees them at once: editors put a new file in
 * the place of the old one, and Kubernetes turns a symbolic link beside it. What no watch sees, such as a file on a
 * network or one behind a link into another folder, is found by looking every two seconds.
 */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#core/ports/clock.js';

export interface WatchedFiles {
  start(): Promise<void>;
  stop(): void;
}

const lookEveryMs = 2_000;
/** A file that is being written is changed several times; whoever reads it half gets it again. */
const settleMs = 30;

/** @param paths absolute. `onChange` hears once of changes that come together. */
export function watchFiles(paths: readonly string[], clock: Clock, onChange: () => void): WatchedFiles {
  const watchers: FSWatcher[] = [];
  let seen = '';
  let isStopped = false;
  let isLooking = false;
  let cancelLook: () => void = () => undefined;
  let cancelSettle: () => void = () => undefined;

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopped;
  }

  async function facts(): Promise<string> {
    const all = await Promise.all(paths.map(factsOf));
    return all.join('\n');
  }

  async function look(): Promise<void> {
    if (isLooking || isStopped) return;
    isLooking = true;
    const found = await facts();
    isLooking = false;
    if (hasStopped() || found === seen) return;
    seen = found;
    onChange();
  }

  function lookLater(): void {
    cancelLook = clock.after(lookEveryMs, () => {
      void look().then(() => {
        if (!isStopped) lookLater();
      });
    });
  }

  function onEvent(): void {
    cancelSettle();
    cancelSettle = clock.after(settleMs, () => void look());
  }

  return {
    async start() {
      // First, so that no change comes in between.
      for (const folder of new Set(paths.map((path) => dirname(path)))) {
        const watcher = openWatcher(folder, onEvent);
        if (watcher !== undefined) watchers.push(watcher);
      }
      seen = await facts();
      if (!isStopped) lookLater();
    },
    stop() {
      isStopped = true;
      cancelLook();
      cancelSettle();
      for (const watcher of watchers.splice(0)) watcher.close();
    },
  };
}

/** Undefined where the system has none left, or the folder is not there: looking finds changes too. */
function openWatcher(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Another text for another file, or another content of it; what is behind a link counts. */
async function factsOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  }
}
