// A caller of services: it knows HTTP and the name of a queue, and nothing of the service.
const gateway = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';

/** A text goes as it is, anything else as JSON. */
function post(queue, body, prefer) {
  const isText = typeof body === 'string';
  return fetch(`${gateway}/requests/${queue}`, {
    method: 'POST',
    headers: { 'Content-Type': isText ? 'text/plain' : 'application/json', Prefer: prefer },
    body: isText ? body : JSON.stringify(body),
  });
}

async function printAnswer(response) {
  const text = (await response.text()).trimEnd();
  if (response.ok) {
    console.log(`reply: ${response.status} ${text}`);
    return;
  }
  const { code, fault, detail } = JSON.parse(text);
  console.log(`no reply: ${response.status} ${fault?.code ?? code}: ${detail}`);
}

/** Asks, waits for the reply, and prints it or the fault. */
export async function ask(queue, body) {
  await printAnswer(await post(queue, body, 'wait=30'));
}

/**
 * Prints the progress of a request until it has ended and `steps` of it have come. Progress has a queue of its own, so the
 * reply may overtake it; it is kept all the same, and told to whoever comes back.
 */
async function printProgress(request, steps) {
  const signal = AbortSignal.timeout(60_000);
  let missing = steps;
  let last = 0;
  for (;;) {
    // The stream ends with the request.
    const events = await fetch(`${request}/events?after=${last}`, { signal });
    for (const [, data] of (await events.text()).matchAll(/^data: (.*)$/gmu)) {
      const { number, kind, percent, text } = JSON.parse(data);
      last = number;
      if (kind !== 'progress') continue;
      console.log(`progress: ${percent} % ${text}`);
      missing -= 1;
    }
    if (missing <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * Asks without waiting, calls `meanwhile`, and prints the progress, of which the service sends so many steps, the state and
 * the reply. `verified` says whether the service saw what was sent; null: it did not say what it saw.
 */
export async function follow(queue, body, { steps = 0, meanwhile = async () => undefined } = {}) {
  const accepted = await post(queue, body, 'respond-async');
  console.log(`asked: ${accepted.status}`);
  const request = new URL(accepted.headers.get('location'), gateway);
  await meanwhile();
  await printProgress(request, steps);
  const { status, verified } = await (await fetch(request)).json();
  console.log(`status: ${status}, verified: ${verified}`);
  await printAnswer(await fetch(`${request}/reply`));
}
