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
 * Asks without waiting, calls `meanwhile`, and prints the progress, the state and the reply. `verified` says whether the
 * service saw what was sent; null: it did not say what it saw.
 */
export async function follow(queue, body, meanwhile = async () => undefined) {
  const accepted = await post(queue, body, 'respond-async');
  console.log(`asked: ${accepted.status}`);
  const request = new URL(accepted.headers.get('location'), gateway);
  await meanwhile();
  // The stream ends with the request.
  const events = await fetch(`${request}/events`, { signal: AbortSignal.timeout(60_000) });
  for (const [, data] of (await events.text()).matchAll(/^data: (.*)$/gmu)) {
    const { kind, percent, text } = JSON.parse(data);
    if (kind === 'progress') console.log(`progress: ${percent} % ${text}`);
  }
  const { status, verified } = await (await fetch(request)).json();
  console.log(`status: ${status}, verified: ${verified}`);
  await printAnswer(await fetch(`${request}/reply`));
}
