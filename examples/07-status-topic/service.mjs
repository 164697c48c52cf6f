// A service that takes its time and says how far it is. Requests that carry a `Project` are told of on its topic.
import { connectBroker, createReplier } from 'replyto';

const broker = await connectBroker(process.env.BROKER_URL ?? 'stomp://127.0.0.1:61613');
const service = createReplier({
  broker,
  queue: 'example.import',
  concurrency: 10,
  handler: async (_request, { progress, signal }) => {
    for (const [percent, text] of [
      [30, 'reading'],
      [60, 'checking'],
      [90, 'writing'],
    ]) {
      if (signal.aborted) return undefined;
      await progress(percent, text);
      await new Promise((resolve) => setTimeout(resolve, Number(process.env.STEP_MS ?? 300)));
    }
    return 'imported';
  },
});
await service.start();
console.log('answering requests of example.import');
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await service.stop(1_000);
    await broker.close();
  });
}
