// A long task: the caller is told 202 at once, follows the progress, and fetches the reply by the request's id.
import { connectBroker, createReplier } from 'replyto';

const gateway = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';

const broker = await connectBroker(process.env.BROKER_URL ?? 'stomp://127.0.0.1:61613');
const service = createReplier({
  broker,
  queue: 'example.bake',
  handler: async (_request, { progress, signal }) => {
    for (const [percent, text] of [
      [25, 'kneading'],
      [50, 'rising'],
      [75, 'baking'],
    ]) {
      if (signal.aborted) return undefined;
      await progress(percent, text);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return 'a loaf of bread';
  },
});
await service.start();

const accepted = await fetch(`${gateway}/requests/example.bake`, {
  method: 'POST',
  headers: { 'Content-Type': 'text/plain', Prefer: 'respond-async' },
  body: 'one loaf, please',
});
console.log(`asked: ${accepted.status}`);
const location = new URL(accepted.headers.get('location'), gateway);

// The history as server-sent events: it ends when the request has ended.
const events = await fetch(`${location}/events`);
for (const [, data] of (await events.text()).matchAll(/^data: (.*)$/gmu)) {
  const { kind, percent, text } = JSON.parse(data);
  console.log(`  ${kind}: ${percent === undefined ? '' : `${percent} % `}${text}`);
}

const { status, verified } = await (await fetch(location)).json();
console.log(`status: ${status}, verified: ${verified}`);
const reply = await fetch(`${location}/reply`);
console.log(`reply: ${reply.status} ${await reply.text()}`);

await service.stop(1_000);
await broker.close();
