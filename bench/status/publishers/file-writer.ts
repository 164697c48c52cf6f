import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toEventBody } from './event-body.js';
import { createPublisher } from './publisher.js';
import type { Publisher } from './publisher.js';

/** Writes each event beside and renames it into the folder of its client: nobody reads half a file. */
export async function createFileWriter(folder: string, clients: number): Promise<Publisher> {
  const beside = join(folder, 'being-written');
  await mkdir(beside, { recursive: true });
  for (let client = 0; client < clients; client += 1) await mkdir(join(folder, String(client)));
  return createPublisher(
    async (event) => {
      const name = `${String(event.step).padStart(6, '0')}.json`;
      const written = join(beside, `${event.client}-${name}`);
      await writeFile(written, toEventBody(event));
      await rename(written, join(folder, String(event.client), name));
    },
    () => Promise.resolve(),
  );
}
