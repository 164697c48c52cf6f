/* global document, location, URLSearchParams */
// What both pages do with an event: one line for each task, with its bar.
const query = new URLSearchParams(location.search);
const gateway = query.get('gateway') ?? 'http://127.0.0.1:8080';
export const project = query.get('project') ?? 'example';

/** An address of the gateway, with the token that was given to the page: neither EventSource nor WebSocket can send a header. */
export function addressOf(scheme, path, parameters = {}) {
  const url = new URL(`${gateway.replace(/^http/, scheme)}${path}`);
  const token = query.get('access_token');
  const all = token === null ? parameters : { ...parameters, access_token: token };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return url.href;
}

const list = document.querySelector('ul');
const lines = new Map();

export function showState(text) {
  document.querySelector('output').textContent = text;
}

export function showEvent({ subject, kind, percent, text }) {
  const line = lines.get(subject) ?? addLine(subject);
  const bar = line.querySelector('progress');
  if (percent !== undefined) bar.value = percent;
  if (kind === 'success') bar.value = 100;
  line.dataset.kind = kind;
  if (text !== undefined) line.querySelector('span').textContent = text;
}

function addLine(subject) {
  const line = document.createElement('li');
  const label = document.createElement('label');
  const bar = document.createElement('progress');
  bar.max = 100;
  // As text, never as HTML: subjects and texts come from elsewhere.
  label.append(subject, ' ', bar);
  line.append(label, ' ', document.createElement('span'));
  line.dataset.subject = subject;
  list.prepend(line);
  lines.set(subject, line);
  return line;
}
