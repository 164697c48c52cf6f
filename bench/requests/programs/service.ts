/** The service behind every broker, one and the same for every way: it answers at once, with a receipt for each reply. */
import { answerCalls } from '../../tools/calls.js';
import type { Replier } from '../../tools/replier.js';
import { startReplier } from '../../tools/replier.js';
import { replyBody } from '../load/bodies.js';

export interface ServiceCalls {
  /** Answers the requests of that queue, in place of one before. */
  serve(place: { readonly brokerUrl: string; readonly queue: string }): Promise<null>;
  /** Answers nothing any more. */
  rest(): Promise<null>;
}

let replier: Replier | undefined;

const calls: ServiceCalls = {
  async serve({ brokerUrl, queue }) {
    await calls.rest();
    replier = await startReplier(brokerUrl, queue, replyBody);
    return null;
  },
  async rest() {
    const before = replier;
    replier = undefined;
    await before?.stop();
    return null;
  },
};

answerCalls(calls);
