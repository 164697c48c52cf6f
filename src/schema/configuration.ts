import { z } from 'zod';
import { roles } from '#core/roles.js';
import { queuePatternAllowed, queuePatternSchema } from './queue-pattern.js';
import type { DeepReadonly } from './deep-readonly.js';
import { jwt } from './jwt-settings.js';
import { telemetry } from './telemetry-settings.js';
import { mostEmbeddedBodyBytes, settingConflicts } from './setting-conflicts.js';
import {
  defaultRoutes,
  longestTimeoutMs,
  longestWaitMs,
  mostPending,
  mostRoutes,
  routeSchema,
} from './route.js';
import {
  choice,
  duration,
  durationOrNever,
  file,
  flag,
  integer,
  list,
  optionalText,
  printable,
  section,
  text,
} from './setting.js';
import { storeSettings } from './store-settings.js';

/** The longest lease of a message that was read over HTTP. */
export const longestLeaseMs = 12 * 3_600_000;

const port = { min: 0, max: 65_535 };

const hostText = {
  pattern: /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/u,
  allowed: 'a host name or an address such as 127.0.0.1 or ::1',
};

const originAllowed = 'an origin such as https://app.example.com, without a path';

const origin = z
  .string({ error: originAllowed })
  .refine((given) => /^https?:\/\//u.test(given) && URL.canParse(given) && new URL(given).origin === given, {
    error: originAllowed,
  });

const patternList = {
  kind: 'list',
  allowed: `a list of patterns, each ${queuePatternAllowed}`,
  max: 1000,
  default: ['*'],
} as const;

const http = section({
  host: text(
    { ...hostText, default: '127.0.0.1' },
    'Where HTTP listens. Beyond loopback only where callers have to log in (`authTokensFile`, `jwt`); else see `http.insecure`.',
  ),
  port: integer({ ...port, default: 8080 }, 'Port of HTTP; 0 takes a free one.'),
  maxBodyBytes: integer(
    { min: 1, max: 1_073_741_824, default: 1_048_576, unit: 'bytes' },
    `Largest body of a call; with \`broker.url\` \`embedded:\` at most ${mostEmbeddedBodyBytes}.`,
  ),
  maxIncomingBytes: integer(
    { min: 1, max: 1_099_511_627_776, default: 268_435_456, unit: 'bytes' },
    'Bytes of the bodies of all calls while they come, but never less than twice `http.maxBodyBytes`; beyond it calls get 429. Where callers log in, half of it at most is for one name.',
  ),
  headersTimeoutMs: duration(
    { min: 100, max: 3_600_000, default: 20_000 },
    'How long the headers of a call may take to come; at most `http.callTimeoutMs`.',
  ),
  callTimeoutMs: duration(
    { min: 100, max: 3_600_000, default: 60_000 },
    'How long all of a call, its body included, may take to come; beyond it the call gets 408.',
  ),
  allowedOrigins: list(
    origin,
    { kind: 'list', allowed: `a list of origins, each ${originAllowed}`, max: 1000, default: [] },
    'Web pages of other origins that may call.',
  ),
  insecure: flag(false, 'Allow listening beyond loopback although nobody has to log in.'),
  tlsCertFile: optionalText(
    file,
    'File with the certificate of the server, and those between it and its authority, in PEM form; HTTP is then served over TLS 1.2 and 1.3 alone. Read again when it changes.',
  ),
  tlsKeyFile: optionalText(file, 'File with the private key of that certificate, in PEM form.'),
  tlsPassphraseFile: optionalText(
    file,
    'File with the passphrase of that key, where it has one; a line end at its end does not count.',
  ),
  tlsClientCaFile: optionalText(
    file,
    'File with certificates of authorities, in PEM form: whoever connects has to show a certificate of one of them. That does not replace a token.',
  ),
});

const broker = section({
  url: text(
    {
      pattern: /^(?:embedded:|stomps?:\/\/.+|wss?:\/\/.+|failover:.+)$/u,
      allowed:
        'embedded:, stomp://host:port, stomps://host:port, ws://host:port/path, wss://host:port/path or failover:(url,url)?randomize=true',
      secret: 'url',
      default: 'embedded:',
    },
    'The broker. `embedded:` runs one inside of this process. Over `ws://` and `wss://` ActiveMQ Classic carries text alone: other bodies are refused or come damaged, and what is beyond its `websocket.maxTextMessageSize` (64 KiB) is refused too; `stomp://` carries all.',
  ),
  port: integer({ ...port, default: 61_613 }, 'Port of the embedded broker; 0 takes a free one.'),
  receiptTimeoutMs: duration(
    { min: 100, max: 600_000, default: 30_000 },
    'How long the broker may take to confirm a message.',
  ),
  heartbeatMs: duration(
    { min: 100, max: 600_000, default: 10_000 },
    'How often each side shows that it is alive.',
  ),
  prefetch: integer(
    { min: 1, max: 65_535, default: 500 },
    'Replies handed over before they are acknowledged.',
  ),
  sendConnections: integer({ min: 1, max: 64, default: 2 }, 'Connections for sending.'),
  virtualHost: optionalText(
    { pattern: printable, allowed: 'a name' },
    'Virtual host of RabbitMQ, `/` unless given here or as the path of a `stomp://` address (`%2F` for a slash in it); over `ws://` this is the only way to name it. Other brokers do not care.',
  ),
  login: optionalText(
    { pattern: printable, allowed: 'a name' },
    'Name at the broker, unless its URL has one.',
  ),
  passcode: optionalText(
    {
      pattern: printable,
      allowed: 'text without control characters; digits alone need quotes in the file',
      secret: 'whole',
    },
    'Password at the broker, unless its URL has one.',
  ),
  passcodeFile: optionalText(
    file,
    'File that holds the password at the broker; a line end at its end does not count.',
  ),
  tlsCaFile: optionalText(
    file,
    'For `stomps://` and `wss://`: file with certificates of authorities, in PEM form, that the broker is trusted by instead of the public ones.',
  ),
  tlsCertFile: optionalText(
    file,
    'For `stomps://` and `wss://`: file with the certificate that is shown to the broker, in PEM form.',
  ),
  tlsKeyFile: optionalText(file, 'File with the private key of that certificate, in PEM form.'),
  tlsPassphraseFile: optionalText(
    file,
    'File with the passphrase of that key, where it has one; a line end at its end does not count.',
  ),
});

const requests = section({
  waitMs: duration(
    { min: 0, max: longestWaitMs, default: 500 },
    'How long a caller that states no preference is kept waiting, on routes that do not say otherwise; at most `requests.maxWaitMs`.',
  ),
  maxWaitMs: duration(
    { min: 0, max: longestWaitMs, default: 60_000 },
    'The longest wait that anybody gets, whatever a caller asks for.',
  ),
  timeoutMs: durationOrNever(
    { min: 1, max: longestTimeoutMs, default: 86_400_000 },
    'When a request expires without a reply, on routes that do not say otherwise.',
  ),
  maxPending: integer(
    { min: 1, max: mostPending, default: 1_000_000 },
    'Requests without a reply at the same time; beyond it calls get 429. Where callers log in, half of it at most is for one name.',
  ),
  maxPendingPerQueue: integer(
    { min: 1, max: mostPending, default: 500_000 },
    'The same for one queue, on routes that do not say otherwise: beyond it calls that ask this queue get 429, and others go on.',
  ),
  maxWaiting: integer(
    { min: 1, max: 1_000_000, default: 10_000 },
    'Callers kept waiting at the same time, and event streams open; beyond it calls that ask for either get 429. Where callers log in, half of it at most is for one name.',
  ),
});

const everything = z.strictObject({
  http,
  broker,
  store: storeSettings,
  roles: list(
    z.enum(roles, { error: `one of ${roles.join(', ')}` }),
    {
      kind: 'list',
      allowed: `a list of ${roles.join(', ')}, one of them at least`,
      min: 1,
      max: roles.length,
      default: [...roles],
    },
    'What this process does: `gateway` takes calls and answers them, `correlator` takes replies and status events from the broker, `relay` sends what is stored, ends what is past its deadline and removes what is old. Others of the deployment do the rest; fewer than all need `store.url` `postgres://…` and a broker that is not embedded.',
  ),
  workers: integer(
    { min: 1, max: 64, default: 1 },
    'Processes of this gateway behind one port, to use as many cores. More than one needs `store.url` `postgres://…` and a broker that is not embedded.',
  ),
  authTokensFile: optionalText(
    file,
    'File of tokens: who may call, and for what; see docs/security.md. With it every call but those for health and descriptions needs a token. Read again when it changes.',
  ),
  jwt,
  dataDir: text(
    { pattern: printable, allowed: 'the path of a folder', default: './data', isPath: true },
    'Folder of everything that is kept.',
  ),
  prefix: text(
    {
      pattern: /^[A-Za-z0-9_-]{1,64}$/u,
      allowed: '1-64 letters, digits, - and _',
      default: 'replyto',
    },
    "Beginning of the names of the product's own queues; one for each deployment on a broker.",
  ),
  log: section({
    level: choice(['error', 'warn', 'info', 'debug', 'silent'], 'info', 'The least that is logged.'),
    format: choice(['auto', 'pretty', 'json'], 'auto', '`auto` is pretty on a terminal, else JSON.'),
  }),
  telemetry,
  requests,
  outbox: section({
    maxPending: integer(
      { min: 0, max: 100_000_000, default: 100_000 },
      'Requests kept for a broker that is away; beyond it calls get 503.',
    ),
  }),
  retention: section({
    finalMs: duration(
      { min: 1000, max: longestTimeoutMs, default: 604_800_000 },
      'How long ended requests and their replies stay.',
    ),
    statusMs: duration(
      { min: 1000, max: longestTimeoutMs, default: 604_800_000 },
      'How long status events stay in the log of their project.',
    ),
    statusEvents: integer(
      { min: 100, max: 10_000_000, default: 100_000 },
      'Status events that stay for each project, the newest ones.',
    ),
  }),
  status: section({
    maxFollowers: integer(
      { min: 1, max: 1_000_000, default: 10_000 },
      'Event streams of projects and subscriptions over WebSocket at the same time, and at most as many connections to /stomp; each stream and each connection costs an open file.',
    ),
  }),
  allow: section({
    queues: list(queuePatternSchema, patternList, "Queues that may be asked; the product's own never."),
    replyTo: list(
      queuePatternSchema,
      patternList,
      "Queues that `Reply-To` may name; the product's own never.",
    ),
    read: list(
      queuePatternSchema,
      patternList,
      "Queues whose messages may be read over HTTP; the product's own never.",
    ),
  }),
  queues: section({
    leaseMs: duration(
      { min: 1_000, max: longestLeaseMs, default: 60_000 },
      'How long a message that was read over HTTP is kept for its reader, unless `Lease-Seconds` says otherwise.',
    ),
    maxAttempts: integer(
      { min: 1, max: 1_000_000, default: 10 },
      'A message whose lease ran out in this attempt becomes a dead letter instead of going back to its queue.',
    ),
  }),
  routes: list(
    routeSchema,
    { kind: 'structure', allowed: 'a list of routes', max: mostRoutes, default: defaultRoutes },
    'Which paths become messages on which queues. Naming routes takes the default one away.',
  ),
});

/** The whole configuration, as it may stand in a file. Unknown keys are errors. */
export const configurationSchema = everything.superRefine(
  (settings, context) => {
    for (const { path, allowed } of settingConflicts(settings)) {
      context.addIssue({ code: 'custom', path: [...path], message: allowed });
    }
  },
  // Also when something else is wrong: all is told at once.
  { when: () => true },
);

/** The configuration as it is used: checked, complete, durations in milliseconds, `never` as null. */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>;
