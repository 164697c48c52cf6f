import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { stepOf } from '../schedule.js';
import type { Client, ClientContext, Clients } from './client.js';
import { separateClients } from './client.js';
import { wordsOf } from '../../tools/words.js';
import { createRegularClient } from './regularly.js';

/** Lists its folder from time to time. */
export function createFolderClients(context: ClientContext, everyMs: number): Clients {
  const { measurement, recorder } = context;
  return separateClients(context, (_, index) =>
    createRegularClient({
      ...{ everyMs, index, seed: measurement.seed, failed: recorder.failed },
      look: createFolderReader(context, index),
    }),
  );
}

/** Lists its folder when the system says that something has changed in it, and once at the start. */
export function createWatchedFolderClients(context: ClientContext): Clients {
  const { recorder } = context;
  return separateClients(context, (_, index): Client => {
    const read = createFolderReader(context, index);
    let watcher: FSWatcher | undefined;
    let reading = Promise.resolve();
    let isAskedFor = false;
    const readNext = (): void => {
      // Changes that come before the next listing are all in it.
      if (isAskedFor) return;
      isAskedFor = true;
      reading = reading
        .then(() => {
          isAskedFor = false;
          return read();
        })
        .catch((error: unknown) => recorder.failed(wordsOf(error)));
    };
    return {
      async start() {
        watcher = watch(folderOf(context, index), readNext);
        readNext();
        await reading;
      },
      async stop() {
        watcher?.close();
        await reading;
      },
    };
  });
}

function folderOf({ measurement }: ClientContext, index: number): string {
  return join(measurement.surroundings.folder, String(index));
}

/** Takes what lies there in the order of its names, and removes it. */
function createFolderReader(context: ClientContext, index: number): () => Promise<void> {
  const { recorder, meter } = context;
  const folder = folderOf(context, index);
  return async () => {
    const names = await readdir(folder);
    let news = false;
    for (const name of names.sort()) {
      const path = join(folder, name);
      const contents = await readFile(path);
      meter.add({ received: contents.length });
      const { text } = JSON.parse(contents.toString('utf8')) as { text: string };
      if (recorder.learned(index, stepOf(text))) news = true;
      await unlink(path);
    }
    recorder.asked(!news);
  };
}
