import { demoServices } from './demo-services.js';
import { redactedUrl } from './configuration/secrets.js';
import type { Serving } from './serve.js';
import { productVersion } from './version.js';

export interface DevTextFacts extends Pick<
  Serving,
  'loaded' | 'httpUrl' | 'brokerUrl' | 'isEmbedded' | 'readyAfterMs'
> {
  /** How commands of this program are written: `npm run --silent replyto --`. */
  readonly program: string;
  /** Message id for the request that one comes back to. */
  readonly tryId: string;
}

const json = "-H 'Content-Type: application/json'";
const defaultBrokerUrl = 'stomp://127.0.0.1:61613';

/** What `replyto dev` says when it is ready. Lines that begin with `curl` or the program are to be copied. */
export function devText(facts: DevTextFacts): string {
  const { httpUrl, tryId, program } = facts;
  const broker = redactedUrl(facts.brokerUrl);
  // An address with a password is not shown; the command finds it in BROKER_URL, as this one did.
  const isTold = broker === defaultBrokerUrl || broker !== facts.brokerUrl;
  const atBroker = isTold ? '' : ` --broker-url ${inShell(broker)}`;
  const request = `${httpUrl}/requests/${tryId}`;
  return `${[
    `replyto ${productVersion}: development mode, not for production.`,
    ...standing(facts.isEmbedded),
    '',
    `  HTTP     ${httpUrl}`,
    `  broker   ${broker}${facts.isEmbedded ? ' (embedded; any STOMP 1.2 client can join)' : ''}`,
    `  data     ${facts.loaded.configuration.dataDir}`,
    `  pages    ${httpUrl}/dashboard/status (projects and their tasks), ${httpUrl}/docs (the API)`,
    ...demoServices().map(
      ({ queue, description }, index) =>
        `  ${index === 0 ? 'services' : '        '} ${queue.padEnd(22)} ${description}`,
    ),
    '',
    `Ready after ${facts.readyAfterMs} ms. Copy a line into another terminal:`,
    '',
    '# Ask a service and wait for its reply',
    `curl -s -w '\\n' -X POST ${httpUrl}/requests/demo.echo -H 'Prefer: wait=10' ${json} -d '{"say":"hello"}'`,
    '',
    '# Have the reply sent to a queue, and read that queue at the broker',
    `curl -s -w '\\n' -X POST ${httpUrl}/orion/workflow/create -H 'Reply-To: Reply Queue' ${json} -d '{"Workflow":"46371a70b2cf3953b12b3e0bf8a83ea2"}'`,
    `${program} consume "Reply Queue" --count 1${atBroker}`,
    '',
    '# Ask for something long, and come back by its id: where it stands, its progress as it is made, its reply',
    `curl -s -w '\\n' -X POST ${httpUrl}/requests/demo.slow -H 'Prefer: respond-async' -H 'Message-ID: ${tryId}' -H 'Project: demo' -d 'a long task'`,
    `curl -s -w '\\n' ${request}`,
    `curl -s -N ${request}/events`,
    `curl -s -w '\\n' ${request}/reply -H 'Prefer: wait=20'`,
    '',
    '# See how a service refuses',
    `curl -s -w '\\n' -X POST ${httpUrl}/requests/demo.faulty -H 'Prefer: wait=10' -d 'anything'`,
    '',
    'Ctrl-C ends it.',
  ].join('\n')}\n`;
}

function standing(isEmbedded: boolean): string[] {
  if (!isEmbedded) return ['Production means `replyto serve`.'];
  return [
    'It is one process on one machine, with a broker of its own; production means ActiveMQ',
    'and `replyto serve` with BROKER_URL.',
  ];
}

/** As one word of a shell. */
function inShell(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
