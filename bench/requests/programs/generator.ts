/** The process of the callers over HTTP: it puts loads on whatever listens. */
import { answerCalls } from '../../tools/calls.js';
import type { Load, LoadOutcome } from '../load/load.js';
import { openPostConnection } from '../load/post-connection.js';
import type { PostTarget } from '../load/post-connection.js';
import { runLoad } from '../load/run-load.js';

export interface GeneratorCalls {
  load(options: { readonly target: PostTarget; readonly load: Load }): Promise<LoadOutcome>;
}

const calls: GeneratorCalls = {
  async load({ target, load }) {
    const connections = Array.from({ length: load.width }, () => openPostConnection(target));
    try {
      return await runLoad(async (place, body) => {
        const connection = connections[place];
        if (connection === undefined) throw new RangeError(`connection ${place} of ${load.width}`);
        return connection.post(body);
      }, load);
    } finally {
      for (const connection of connections) connection.close();
    }
  },
};

answerCalls(calls);
