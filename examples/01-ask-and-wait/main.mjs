// A service answers requests from a queue; a caller asks over plain HTTP and waits for the answer.
import { connectBroker, createReplier, Fault } from 'replyto';

const gateway = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';

// The service: it knows the broker and its queue, and nothing of HTTP.
const broker = await connectBroker(process.env.BROKER_URL ?? 'stomp://127.0.0.1:61613');
const service = createReplier({
  broker,
  queue: 'example.greeting',
  handler: (request) => {
    const { name } = request.json();
    if (typeof name !== 'string') throw new Fault('NO_NAME', 'whom shall I greet?', { status: 422 });
    return { greeting: `Hello, ${name}!` };
  },
});
await service.start();

// The caller: it knows HTTP and the name of the queue, and nothing of the broker.
async function greet(question) {
  const response = await fetch(`${gateway}/requests/example.greeting`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Prefer: 'wait=10' },
    body: JSON.stringify(question),
  });
  console.log(`${response.status} ${response.headers.get('content-type')}`);
  return response.json();
}

console.log(await greet({ name: 'Ada' }));
const { code, detail, fault } = await greet({});
console.log({ code, detail, fault: fault.code });

await service.stop(1_000);
await broker.close();
